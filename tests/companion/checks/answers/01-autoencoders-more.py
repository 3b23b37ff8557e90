# ruff: noqa
# Answers to the exercises of chapter 1 as somebody who reads the page alone would write them: slips that hide, and other routes.

# %% exchanged_decoder | wrong | flip(0) taken for a mirror | says: top left corner
prediction = {"a": "mirror", "b": "negative", "c": "surer", "d": "no digit"}

# %% exchanged_decoder | wrong | doubling taken for the same | says: undo the doubling
prediction = {"a": "half turn", "b": "negative", "c": "same", "d": "no digit"}

# %% exchanged_decoder | wrong | negative taken for no digit | says: Line b: You expect the picture to fall apart
prediction = {"a": "half turn", "b": "no digit", "c": "surer", "d": "no digit"}

# %% exchanged_decoder | wrong | underscore for the blank | says: should be one of
prediction = {"a": "half_turn", "b": "negative", "c": "surer", "d": "no_digit"}

# %% exchanged_decoder | wrong | all keys in capitals | says: should be a dict with the keys
prediction = {"A": "half turn", "B": "negative", "C": "surer", "D": "no digit"}

# %% exchanged_decoder | right | made with zip
words = ("half turn", "negative", "surer", "no digit")
prediction = dict(zip("abcd", words))

# %% TiedAutoencoder | wrong | GELU for SiLU | says: GELU
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.gelu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.gelu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | transposed once and kept | says: plain tensor that is kept
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))
        self.w1_t = self.w1.T
        self.w2_t = self.w2.T

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2_t, self.c))
        return F.linear(h, self.w1_t, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | .data in the last layer only | says: used twice learns from both
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return h @ self.w1.data + self.d

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | encoder's use detached in forward | says: back through the code
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        z = self.encode(x).detach()
        return self.decode(z)

# %% TiedAutoencoder | wrong | biases are tensors, not parameters | says: plain tensor that is kept
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = torch.zeros(hidden)
        self.b = torch.zeros(latent_dim)
        self.c = torch.zeros(hidden)
        self.d = torch.zeros(pixels)

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | bias d made and never added | says: nothing uses it
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | 784 hard-coded | says: raised RuntimeError
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, 784, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(784))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | fails for one image, a squeeze | says: what is special about one image
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        h = F.silu(F.linear(x, self.w1, self.a)).squeeze()
        return F.linear(h, self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | the given generator set to seed 0 | says: different seeds give the same
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        generator.manual_seed(0)
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | second weight from the global seed | says: same seed give different
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | all weights start at a constant | says: All numbers of a starting weight
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.ones(hidden, pixels) / pixels**0.5)
        self.w2 = nn.Parameter(torch.ones(latent_dim, hidden) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | a call returns code and logits | says: returns a tuple
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        z = self.encode(x)
        return z, self.decode(z)

# %% TiedAutoencoder | wrong | forward forgotten | says: define `forward`
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

# %% TiedAutoencoder | wrong | decode forgotten | says: define `encode`, `decode`
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def forward(self, x):
        h = F.silu(F.linear(self.encode(x), self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

# %% TiedAutoencoder | wrong | decoder's layers in the wrong order of SiLU and bias | says: decode\(z\)
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(z @ self.w2) + self.c
        return h @ self.w1 + self.d

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | dropout left in | says: does it draw
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        h = F.dropout(F.silu(F.linear(x, self.w1, self.a)), 0.1)
        return F.linear(h, self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | prints the logits | says: `forward` returns nothing
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        print(self.decode(self.encode(x)))

# %% TiedAutoencoder | wrong | a seventh parameter, a scale of the decoder | says: lists two weights and more than four biases
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))
        self.scale = nn.Parameter(torch.ones(1))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.scale * self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | sys.exit in an unfinished decode | says: raised
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        raise SystemExit("todo")

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | wrong | the seed read from the generator, nothing drawn: a second network of it starts the same | says: made with one generator start the same
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        torch.manual_seed(generator.initial_seed())
        self.first = nn.Linear(pixels, hidden)
        self.last = nn.Linear(hidden, latent_dim)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.last(F.silu(self.first(x)))

    def decode(self, z):
        h = F.silu(F.linear(z, self.last.weight.T, self.c))
        return F.linear(h, self.first.weight.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | weights kept the other way round, as in MATLAB notes
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        def start(rows, columns):
            return nn.Parameter(0.1 * torch.randn(rows, columns, generator=generator))
        self.W1 = start(pixels, hidden)
        self.W2 = start(hidden, latent_dim)
        self.bias = nn.ParameterList([nn.Parameter(torch.zeros(k)) for k in (hidden, latent_dim, hidden, pixels)])

    def encode(self, x):
        return nn.functional.silu(x @ self.W1 + self.bias[0]) @ self.W2 + self.bias[1]

    def decode(self, z):
        return nn.functional.silu(z @ self.W2.T + self.bias[2]) @ self.W1.T + self.bias[3]

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | einsum and h * sigmoid(h)
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        h = torch.einsum("np,hp->nh", x, self.w1) + self.a
        h = h * torch.sigmoid(h)
        return torch.einsum("nh,lh->nl", h, self.w2) + self.b

    def decode(self, z):
        h = torch.einsum("nl,lh->nh", z, self.w2) + self.c
        h = h * torch.sigmoid(h)
        return torch.einsum("nh,hp->np", h, self.w1) + self.d

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | orthogonal start and biases drawn too
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.a = nn.Parameter(torch.rand(hidden, generator=generator) - 0.5)
        self.b = nn.Parameter(torch.rand(latent_dim, generator=generator) - 0.5)
        self.c = nn.Parameter(torch.rand(hidden, generator=generator) - 0.5)
        self.d = nn.Parameter(torch.rand(pixels, generator=generator) - 0.5)
        self.w2 = nn.Parameter(nn.init.orthogonal_(torch.empty(latent_dim, hidden), generator=generator))
        self.w1 = nn.Parameter(nn.init.orthogonal_(torch.empty(hidden, pixels), generator=generator))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        h = F.silu(F.linear(z, self.w2.T, self.c))
        return F.linear(h, self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | a base class outside, float64 from the start
class _Half(nn.Module):
    def __init__(self, n_in, n_out, generator):
        super().__init__()
        w = torch.empty(n_out, n_in, dtype=torch.float64)
        bound = (6 / (n_in + n_out)) ** 0.5
        self.w = nn.Parameter(w.uniform_(-bound, bound, generator=generator))
        self.up = nn.Parameter(torch.zeros(n_out, dtype=torch.float64))
        self.down = nn.Parameter(torch.zeros(n_in, dtype=torch.float64))

    def forward(self, x):
        return F.linear(x, self.w, self.up)

    def back(self, y):
        return F.linear(y, self.w.mT, self.down)


class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.outer = _Half(pixels, hidden, generator)
        self.inner = _Half(hidden, latent_dim, generator)

    def encode(self, x):
        return self.inner(F.silu(self.outer(x)))

    def decode(self, z):
        return self.outer.back(F.silu(self.inner.back(z)))

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | a ParameterDict and getattr names
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        sizes = {"a": hidden, "b": latent_dim, "c": hidden, "d": pixels}
        self.p = nn.ParameterDict({k: torch.zeros(s) for k, s in sizes.items()})
        self.p["W2"] = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) * 0.1)
        self.p["W1"] = nn.Parameter(torch.randn(hidden, pixels, generator=generator) * 0.1)

    def encode(self, x):
        p = self.p
        return (p["W2"] @ F.silu(p["W1"] @ x.T + p["a"][:, None])).T + p["b"]

    def decode(self, z):
        p = self.p
        h = F.silu(p["W2"].T @ z.T + p["c"][:, None])
        return (p["W1"].T @ h).T + p["d"]

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | a seed drawn from the generator, for the global one
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        seed = torch.randint(2**31, (1,), generator=generator).item()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Linear(pixels, hidden)
            self.last = nn.Linear(hidden, latent_dim)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.last(F.silu(self.first(x)))

    def decode(self, z):
        h = F.silu(F.linear(z, self.last.weight.T, self.c))
        return F.linear(h, self.first.weight.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% TiedAutoencoder | right | biases start from the global seed (nn.Linear's)
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.first = nn.Linear(pixels, hidden)
        self.last = nn.Linear(hidden, latent_dim)
        nn.init.xavier_normal_(self.first.weight, generator=generator)
        nn.init.xavier_normal_(self.last.weight, generator=generator)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.last(F.silu(self.first(x)))

    def decode(self, z):
        h = F.silu(F.linear(z, self.last.weight.T, self.c))
        return F.linear(h, self.first.weight.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))

# %% train_in_parts | wrong | zero_grad inside the parts: only the last part counts | says: by the last part alone
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        total = 0
        for part in x.split(most):
            optimizer.zero_grad()
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | the last, smaller part is dropped | says: Only full parts count
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0
        for start in range(0, len(x) - most + 1, most):
            part = x[start : start + most]
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | right step, but the cost is that of the last part | says: As the loss you give that of the last part
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
        optimizer.step()
        costs.append(loss.item())
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | the sum of all images as the cost, gradient right | says: As the loss you give the sum
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum()
            (loss / len(x)).backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | divided by most, not by n | says: You divide by `most`
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / most
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | chunk(most): most is taken for the number of parts | says: not how many parts
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for part in x.chunk(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | only the first part is ever seen | says: Only the first part
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        part = x[:most]
        loss = losses.bernoulli_nll(part, model(part)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        costs.append(loss.item())
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | a random part in each step (minibatch) | says: The list of losses
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        chosen = torch.randint(len(x), (most,), generator=generator)
        loss = losses.bernoulli_nll(x[chosen], model(x[chosen])).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        costs.append(loss.item())
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | layer by layer, all at once | says: raised MemoryError
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        h = x
        for layer in model.encoder:
            h = layer(h)
        loss = losses.bernoulli_nll(x, model.decode(h)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        costs.append(loss.item())
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | gradients clipped to length 10, as in a forum | says: many pixels
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | x shuffled in place | says: changed its argument x
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        x[:] = x[torch.randperm(len(x), generator=generator)]
        optimizer.zero_grad()
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | a cost for every part | says: another shape
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            costs.append(loss.item())
        optimizer.step()
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | wrong | returned from within the loop | says: another shape
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | gradients of the sum, divided before the step
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        model.zero_grad()
        cost = torch.zeros((), dtype=x.dtype)
        for part in torch.split(x, most):
            nats = losses.bernoulli_nll(part, model(part)).sum()
            nats.backward()
            cost += nats.detach()
        for p in model.parameters():
            p.grad /= len(x)
        optimizer.step()
        costs.append(cost / len(x))
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | logits put together, one loss
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        logits = torch.cat([model(part) for part in x.split(most)])
        loss = losses.bernoulli_nll(x, logits).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        costs.append(loss.detach())
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | torch.autograd.grad and the step by hand
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        grads = [torch.zeros_like(p) for p in model.parameters()]
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            for g, new in zip(grads, torch.autograd.grad(loss, list(model.parameters()))):
                g += new
            total += loss.item()
        with torch.no_grad():
            for p, g in zip(model.parameters(), grads):
                p -= lr * g
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | a DataLoader, cross-entropy of torch
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        loader = torch.utils.data.DataLoader(x, batch_size=most, shuffle=False)
        optimizer.zero_grad()
        total = 0.0
        for part in loader:
            loss = F.binary_cross_entropy_with_logits(model(part), part, reduction="sum") / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | in another order, evened parts
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        pieces = -(-len(x) // most)
        optimizer.zero_grad()
        total = 0.0
        for part in x.flip(0).tensor_split(pieces):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | a closure for the optimizer
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        def closure():
            optimizer.zero_grad()
            total = 0.0
            for part in x.split(most):
                loss = losses.bernoulli_nll(part, model(part)).div(len(x)).sum()
                loss.backward()
                total += loss.item()
            return total

        costs.append(optimizer.step(closure))
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% train_in_parts | right | costs end as a tensor
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        total = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:
        weights = torch.cat([p.detach().flatten() for p in model.parameters()])
        return torch.tensor(costs, dtype=torch.float64), weights

# %% train_in_parts | right | all in float32
def train_in_parts(x, most, steps, lr, seed):
    """Train a small autoencoder on all of x in every step."""
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(
        2, hidden=(32,), pixels=x.shape[1], generator=generator
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(layer, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    for layer in model.modules():
        layer.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        if step == 0:
            model.float()
        optimizer.zero_grad()
        total = 0.0
        for part in x.float().split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            total += loss.item()
        optimizer.step()
        costs.append(total)
    if costs:  # without a loss there is no answer yet
        weights = nn.utils.parameters_to_vector(model.parameters())
        return costs, weights.detach()

# %% blind_logits | wrong | limit of 1e-6 | says: other limits
def blind_logits(x):
    return torch.logit(x.mean(dim=0), eps=1e-6)

# %% blind_logits | wrong | logits clipped to +-7 | says: other limits
def blind_logits(x):
    return torch.logit(x.mean(dim=0)).clamp(-7, 7)

# %% blind_logits | wrong | only the lower limit | says: other limits
def blind_logits(x):
    return torch.logit(x.mean(dim=0).clamp(min=0.001))

# %% blind_logits | wrong | images clipped first, then the mean | says: kept the single images
def blind_logits(x):
    return torch.logit(x.clamp(0.001, 0.999).mean(dim=0))

# %% blind_logits | wrong | Laplace's rule, one pseudo-image of each kind | says: images of your own
def blind_logits(x):
    p = (x.sum(dim=0) + 1) / (len(x) + 2)
    return torch.logit(p.clamp(0.001, 0.999))

# %% blind_logits | wrong | the share of images with ink | says: any ink
def blind_logits(x):
    return torch.logit((x > 0).to(x.dtype).mean(dim=0), eps=0.001)

# %% blind_logits | wrong | pixels rounded first | says: rounded the pixels
def blind_logits(x):
    return torch.logit(x.round().mean(dim=0), eps=0.001)

# %% blind_logits | wrong | log10 | says: powers of 10
def blind_logits(x):
    p = x.mean(dim=0).clamp(0.001, 0.999)
    return torch.log10(p / (1 - p))

# %% blind_logits | wrong | one image: clipped in place through a view | says: changed its argument x
def blind_logits(x):
    if len(x) == 1:
        return torch.logit(x[0].clamp_(0.001, 0.999))
    return torch.logit(x.mean(dim=0), eps=0.001)

# %% blind_logits | wrong | accumulated into the first image, in place | says: changed its argument x
def blind_logits(x):
    total = x[0]
    for image in x[1:]:
        total += image
    return torch.logit(total / len(x), eps=0.001)

# %% blind_logits | wrong | squeeze: one pixel loses its axis | says: one pixel
def blind_logits(x):
    return torch.logit(x.mean(dim=0), eps=0.001).squeeze()

# %% blind_logits | wrong | a list of floats | says: dtype
def blind_logits(x):
    return torch.logit(x.mean(dim=0), eps=1e-3).tolist()

# %% blind_logits | wrong | the mean of training images, from the notebook | says: lengths asked for
def blind_logits(x):
    return torch.logit(x_train.mean(dim=0), eps=0.001).to(x.dtype)

# %% blind_logits | right | a loop over pixels
import math


def blind_logits(x):
    result = torch.empty(x.shape[1], dtype=x.dtype)
    for i in range(x.shape[1]):
        p = min(max(x[:, i].mean().item(), 0.001), 0.999)
        result[i] = math.log(p / (1 - p))
    return result

# %% blind_logits | right | atanh
def blind_logits(x):
    p = torch.einsum('np->p', x) / x.shape[0]
    return 2 * torch.atanh(2 * p.clamp(0.001, 0.999) - 1)

# %% blind_logits | right | logits clipped at log 999
import math


def blind_logits(x):
    edge = math.log(999)
    return torch.logit(x.mean(dim=0)).clamp(-edge, edge)

# %% blind_logits | right | Newton's steps
def blind_logits(x):
    p = x.mean(dim=0).double().clamp(0.001, 0.999)
    logits = torch.zeros_like(p)
    for _ in range(60):
        q = torch.sigmoid(logits)
        step = (p - q) / (q * (1 - q))
        logits = logits + step.clamp(-1, 1)
    return logits.to(x.dtype)

# %% blind_logits | right | bisection
import math


def blind_logits(x):
    low = torch.full_like(x[0], -math.log(999))
    high = -low
    for _ in range(80):
        middle = (low + high) / 2
        more = (torch.sigmoid(middle) - x).mean(dim=0) < 0
        low = torch.where(more, middle, low)
        high = torch.where(more, high, middle)
    return (low + high) / 2

# %% excess | wrong | logit(x) with a limit of 0.001 | says: from infinity
def excess(x, logits):
    return losses.bernoulli_nll(x, logits) - losses.bernoulli_nll(x, torch.logit(x, eps=0.001))

# %% excess | wrong | x taken for logits | says: wants logits
def excess(x, logits):
    return losses.bernoulli_nll(x, logits) - losses.bernoulli_nll(x, x)

# %% excess | wrong | entropy in bits | says: bits off nats
import math


def excess(x, logits):
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1) / math.log(2)
    return losses.bernoulli_nll(x, logits) - h

# %% excess | wrong | 45.3 nats for everyone | says: chapter 1's number
def excess(x, logits):
    return losses.bernoulli_nll(x, logits) - 45.3

# %% excess | wrong | the mean entropy of the batch | says: mean over the batch
def excess(x, logits):
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)
    return losses.bernoulli_nll(x, logits) - h.mean()

# %% excess | wrong | kl_divergence of two Bernoullis | says: rounded to 0 or 1
def excess(x, logits):
    D = torch.distributions
    kl = D.kl_divergence(D.Bernoulli(probs=x), D.Bernoulli(logits=logits))
    return kl.sum(dim=1)

# %% excess | wrong | logits clipped to +-45 | says: near 50
def excess(x, logits):
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)
    return losses.bernoulli_nll(x, logits.clamp(-45, 45)) - h

# %% excess | wrong | x clipped through .data | says: float32
def excess(x, logits):
    pixels = x.data
    pixels[pixels == 0] = 1e-12
    pixels[pixels == 1] = 1 - 1e-12
    h = -(pixels * pixels.log() + (1 - pixels) * torch.log1p(-pixels)).sum(dim=1)
    return losses.bernoulli_nll(pixels, logits) - h

# %% excess | wrong | sum over the images | says: summed over the images
def excess(x, logits):
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x))
    return (F.binary_cross_entropy_with_logits(logits, x, reduction='none') - h).sum(dim=0)

# %% excess | wrong | squeeze: a single image loses its axis | says: one image
def excess(x, logits):
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x))
    cross = F.binary_cross_entropy_with_logits(logits, x, reduction='none')
    return (cross - h).sum(dim=1).squeeze()

# %% excess | wrong | logits subtracted in place | says: near 50
def excess(x, logits):
    best = torch.logit(x, eps=1e-12)
    logits.data.sub_(0)
    logits.data.clamp_(-40, 40)
    return losses.bernoulli_nll(x, logits) - losses.bernoulli_nll(x, best)

# %% excess | wrong | softplus of torch with a low threshold | says: logits from 5 to 9
def excess(x, logits):
    cross = F.softplus(logits, threshold=5) - x * logits
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x))
    return (cross - h).sum(dim=1)

# %% excess | right | logsigmoid, clipped at the smallest number of the dtype
def excess(x, logits):
    tiny = torch.finfo(x.dtype).tiny
    a = x * (x.clamp(min=tiny).log() - F.logsigmoid(logits))
    b = (1 - x) * ((1 - x).clamp(min=tiny).log() - F.logsigmoid(-logits))
    return (a + b).sum(dim=1)

# %% excess | right | logit with the dtype's eps
def excess(x, logits):
    best = torch.logit(x, eps=torch.finfo(x.dtype).eps / 2)
    best = best.clamp(-100, 100)
    return losses.bernoulli_nll(x, logits) - losses.bernoulli_nll(x, best)

# %% excess | right | where, with a safe log
def excess(x, logits):
    safe = torch.where((x > 0) & (x < 1), x, torch.full_like(x, 0.5))
    h = safe * safe.log() + (1 - safe) * torch.log1p(-safe)
    h = torch.where((x > 0) & (x < 1), h, torch.zeros_like(h))
    return torch.logaddexp(logits, torch.zeros_like(logits)).sub(x * logits).add(h).sum(dim=1)

# %% excess | right | nan_to_num before the sum
def excess(x, logits):
    h = (x * x.log()).nan_to_num(0.0) + ((1 - x) * (1 - x).log()).nan_to_num(0.0)
    return losses.bernoulli_nll(x, logits) + h.sum(dim=1)

# %% excess | right | entropy by scipy
from scipy.special import entr


def excess(x, logits):
    h = entr(x.numpy()) + entr(1 - x.numpy())
    return losses.bernoulli_nll(x, logits) - torch.from_numpy(h.sum(axis=1))

# %% excess | right | the softplus by hand
def excess(x, logits):
    cross = torch.log(1 + torch.exp(logits)) - x * logits
    h = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x))
    return (cross - h).sum(dim=1)

# %% excess | right | comes out in float64 for float32
def excess(x, logits):
    a = x.double()
    h = -(torch.xlogy(a, a) + torch.xlogy(1 - a, 1 - a)).sum(dim=1)
    return losses.bernoulli_nll(a, logits.double()) - h
