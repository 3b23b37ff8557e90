# ruff: noqa
# Answers to the exercises of chapter 1 as learners write them. Each runs in the names that the page gives.

# %% exchanged_decoder | right | capitals and blanks
prediction = {"a": "Half turn", "b": " NEGATIVE ", "c": "Surer", "d": "No digit"}

# %% exchanged_decoder | right | a dict made with dict()
prediction = dict(a="half turn", b="negative", c="surer", d="no digit")

# %% exchanged_decoder | wrong | rows of the weight as rows of the picture | says: dimension 0 of the weight as the rows
prediction = {"a": "upside down", "b": "negative", "c": "surer", "d": "no digit"}

# %% exchanged_decoder | wrong | columns of the weight as columns of the picture | says: What are there 128 of
prediction = {"a": "half turn", "b": "negative", "c": "surer", "d": "mirror"}

# %% exchanged_decoder | wrong | all stay | says: does each still reach the pixel
prediction = {"a": "same", "b": "same", "c": "same", "d": "same"}

# %% exchanged_decoder | wrong | a word of one's own | says: should be one of
prediction = {"a": "rotated", "b": "inverted", "c": "sharper", "d": "garbage"}

# %% exchanged_decoder | wrong | a list | says: should be a dict
prediction = ["half turn", "negative", "surer", "no digit"]

# %% exchanged_decoder | wrong | one key is missing | says: should be a dict with the keys
prediction = {"a": "half turn", "b": "negative", "c": "surer"}

# %% exchanged_decoder | wrong | one is left open | says: not filled in
prediction = {"a": "half turn", "b": None, "c": "surer", "d": "no digit"}

# %% exchanged_decoder | wrong | a negative flips | says: A minus sign moves nothing
prediction = {"a": "half turn", "b": "mirror", "c": "surer", "d": "no digit"}


# %% TiedAutoencoder | right | parameters of its own, one weight transposed
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.W1 = nn.Parameter(torch.randn(pixels, hidden, generator=generator) * 0.05)
        self.W2 = nn.Parameter(torch.randn(hidden, latent_dim, generator=generator) * 0.05)
        self.a = nn.Parameter(torch.zeros(hidden))
        self.b = nn.Parameter(torch.zeros(latent_dim))
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.silu(x @ self.W1 + self.a) @ self.W2 + self.b

    def decode(self, z):
        return F.silu(z @ self.W2.T + self.c) @ self.W1.T + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | right | the course's mlp for the encoder
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)
        self.biases = nn.ParameterList([torch.zeros(hidden), torch.zeros(pixels)])

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        hidden = z @ self.encoder[2].weight + self.biases[0]
        return nn.functional.silu(hidden) @ self.encoder[0].weight + self.biases[1]

    def forward(self, x):
        z = self.encode(x)
        return self.decode(z)


# %% TiedAutoencoder | right | an activation that is a module, double from the start, no generator keyword in layers
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.act = nn.SiLU()
        self.lin1 = nn.Linear(pixels, hidden)
        self.lin2 = nn.Linear(hidden, latent_dim)
        self.bias1 = nn.Parameter(torch.empty(hidden))
        self.bias2 = nn.Parameter(torch.empty(pixels))
        self.double()
        for p in self.parameters():
            nn.init.normal_(p, std=0.1, generator=generator)

    def encode(self, x):
        return self.lin2(self.act(self.lin1(x)))

    def decode(self, z):
        h = self.act(F.linear(z, self.lin2.weight.t(), self.bias1))
        return F.linear(h, self.lin1.weight.t(), self.bias2)

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | chapter 1's class | says: no weight of its own
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)
        self.decoder = models.mlp([latent_dim, hidden, pixels], generator=generator)

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | a layer of the decoder gets a Parameter made of the transposed weight | says: no weight of its own
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)
        self.decoder = models.mlp([latent_dim, hidden, pixels], generator=generator)
        self.decoder[0].weight = nn.Parameter(self.encoder[2].weight.T)
        self.decoder[2].weight = nn.Parameter(self.encoder[0].weight.T)

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | layers in a list | says: fewer than two weights
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.layers = [nn.Linear(pixels, hidden).double(), nn.Linear(hidden, latent_dim).double()]
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.layers[1](F.silu(self.layers[0](x)))

    def decode(self, z):
        h = F.silu(z @ self.layers[1].weight + self.c)
        return h @ self.layers[0].weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | sizes of chapter 1 | says: sizes
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, 128, latent_dim], generator=generator)
        self.c = nn.Parameter(torch.zeros(128))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return F.silu(z @ self.encoder[2].weight + self.c) @ self.encoder[0].weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | the encoder's bias again | says: no gradient|fewer than four
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        h = F.silu(z @ self.encoder[2].weight + self.encoder[0].bias)
        return h @ self.encoder[0].weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | ReLU | says: bend with a ReLU
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator, activation=nn.ReLU)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return F.relu(z @ self.encoder[2].weight + self.c) @ self.encoder[0].weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | SiLU behind the code as well | says: behind the code
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator, activate_last=True)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return F.silu(z @ self.encoder[2].weight + self.c) @ self.encoder[0].weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | not transposed | says: raised RuntimeError
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        h = F.silu(F.linear(z, self.encoder[2].weight, self.c))
        return F.linear(h, self.encoder[0].weight, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | super().__init__() forgotten | says: raised
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return z

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | no nn.Module | says: nn.Module|could not use
class TiedAutoencoder:
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return z @ self.encoder[2].weight @ self.encoder[0].weight


# %% TiedAutoencoder | wrong | under no_grad | says: no gradient
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.encoder = models.mlp([pixels, hidden, latent_dim], generator=generator)
        self.c = nn.Parameter(torch.zeros(hidden))
        self.d = nn.Parameter(torch.zeros(pixels))

    @torch.no_grad()
    def encode(self, x):
        return self.encoder(x)

    @torch.no_grad()
    def decode(self, z):
        return F.silu(z @ self.encoder[2].weight + self.c) @ self.encoder[0].weight + self.d

    def forward(self, x):
        return self.decode(self.encode(x))


# %% train_in_parts | right | shares of means, indices, tensors in the list
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        model.zero_grad()
        total = 0
        for i in range(0, len(x), most):
            batch = x[i : i + most]
            loss = losses.bernoulli_nll(batch, model(batch)).mean() * (len(batch) / len(x))
            loss.backward()
            total = total + loss.detach()
        optimizer.step()
        costs.append(total)
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | right | a step by hand, and a list returned
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    costs = []
    for step in range(steps):
        total = [torch.zeros_like(w) for w in model.parameters()]
        cost = 0.0
        for part in torch.split(x, most):
            loss = F.binary_cross_entropy_with_logits(model(part), part, reduction="sum") / x.shape[0]
            for t, g in zip(total, torch.autograd.grad(loss, list(model.parameters()))):
                t += g
            cost += float(loss.detach())
        with torch.no_grad():
            for w, t in zip(model.parameters(), total):
                w -= lr * t
        costs.append(cost)
    return [costs, torch.cat([w.detach().flatten() for w in model.parameters()])]


# %% train_in_parts | right | zero_grad at the end of a step
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        nats = []
        for part in x.split(most):
            each = losses.bernoulli_nll(part, model(part))
            (each / len(x)).sum().backward()
            nats.append(each.detach())
        optimizer.step()
        optimizer.zero_grad()
        costs.append(torch.cat(nats).mean().numpy())
    return costs, nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


# %% train_in_parts | wrong | the chapter's loop, once a part | says: step after each part
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        nats = []
        for batch in x.split(most):
            each = losses.bernoulli_nll(batch, model(batch))
            optimizer.zero_grad()
            each.mean().backward()
            optimizer.step()
            nats.append(each.detach())
        costs.append(torch.cat(nats).mean().item())
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | mean of means | says: each part the same say
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        parts = x.split(most)
        cost = 0
        for part in parts:
            loss = losses.bernoulli_nll(part, model(part)).mean() / len(parts)
            loss.backward()
            cost += loss.item()
        optimizer.step()
        costs.append(cost)
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | the mean over the pixels | says: mean over the pixels too
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        cost = 0
        for part in x.split(most):
            loss = F.binary_cross_entropy_with_logits(model(part), part) * len(part) / len(x)
            loss.backward()
            cost += loss.item()
        optimizer.step()
        costs.append(cost)
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | the loss afterwards | says: that after the step
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        for part in x.split(most):
            (losses.bernoulli_nll(part, model(part)).sum() / len(x)).backward()
        optimizer.step()
        with torch.no_grad():
            costs.append(sum(losses.bernoulli_nll(p, model(p)).sum() for p in x.split(most)).item() / len(x))
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | sigmoid twice | says: Sigmoid twice
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        cost = 0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, torch.sigmoid(model(part))).sum() / len(x)
            loss.backward()
            cost += loss.item()
        optimizer.step()
        costs.append(cost)
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | zero_grad never called | says: never set to zero
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        cost = 0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            cost += loss.item()
        optimizer.step()
        costs.append(cost)
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | one backward on a loss in one piece | says: raised MemoryError
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def look(encoder, arguments):
        if len(arguments[0]) > most:
            raise MemoryError(f"{most} images fit at once")

    model.encoder.register_forward_pre_hook(look)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = losses.bernoulli_nll(x, model(x)).mean()
        loss.backward()
        optimizer.step()
        costs.append(loss.item())
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% train_in_parts | wrong | Adam for SGD | says: Adam
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    costs = []
    for step in range(steps):
        optimizer.zero_grad()
        cost = 0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            cost += loss.item()
        optimizer.step()
        costs.append(cost)
    weights = nn.utils.parameters_to_vector(model.parameters())
    return costs, weights.detach()


# %% blind_logits | right | NumPy
def blind_logits(x):
    bets = x.numpy().mean(axis=0).clip(0.001, 0.999)
    return torch.from_numpy(bets).logit()


# %% blind_logits | right | a list and math
import math


def blind_logits(x):
    bets = [min(max(float(column.mean()), 0.001), 0.999) for column in x.T]
    return torch.tensor([math.log(p / (1 - p)) for p in bets], dtype=x.dtype)


# %% blind_logits | right | Bernoulli of torch.distributions
def blind_logits(x):
    return torch.distributions.Bernoulli(probs=x.mean(0).clamp(1e-3, 1 - 1e-3)).logits


# %% blind_logits | wrong | clamped in place | says: changed its argument x
def blind_logits(x):
    if len(x) == 1:
        x.clamp_(0.001, 0.999)
    return torch.logit(x.mean(dim=0).clamp(0.001, 0.999))


# %% blind_logits | wrong | float64 for float32 | says: dtype
def blind_logits(x):
    return torch.logit(x.double().mean(dim=0).clamp(0.001, 0.999))


# %% blind_logits | wrong | a row and not a line | says: more axes
def blind_logits(x):
    return torch.logit(x.mean(dim=0, keepdim=True).clamp(0.001, 0.999))


# %% blind_logits | wrong | eps of torch.logit | says: .
def blind_logits(x):
    return torch.logit(x.mean(dim=0), eps=1e-6)


# %% blind_logits | wrong | 784 pixels only | says: .
def blind_logits(x):
    out = torch.zeros(784, dtype=x.dtype)
    for i in range(784):
        out[i] = torch.logit(x[:, i].mean().clamp(0.001, 0.999))
    return out


# %% blind_logits | wrong | prints | says: prints and returns nothing
def blind_logits(x):
    print(torch.logit(x.mean(dim=0).clamp(0.001, 0.999)))


# %% blind_logits | wrong | one image raises | says: raised
def blind_logits(x):
    assert len(x) > 1, "more than one image"
    return torch.logit(x.mean(dim=0).clamp(0.001, 0.999))


# %% blind_logits | wrong | stronger clamp | says: .
def blind_logits(x):
    return torch.logit(x.mean(dim=0).clamp(0.01, 0.99))


# %% blind_logits | wrong | sum over images | says: A bet is a share
def blind_logits(x):
    return torch.logit(x.sum(dim=0).clamp(0.001, 0.999))


# %% excess | right | the course's loss and an entropy
def excess(x, logits):
    entropy = torch.special.entr(x) + torch.special.entr(1 - x)
    return losses.bernoulli_nll(x, logits) - entropy.sum(dim=1)


# %% excess | right | softplus
def excess(x, logits):
    cost = F.softplus(logits) - x * logits
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(-1)


# %% excess | right | torch.where and a loop over images
def excess(x, logits):
    out = []
    for image, drawn in zip(x, logits):
        each = F.binary_cross_entropy_with_logits(drawn, image, reduction="none")
        safe = torch.where((image > 0) & (image < 1), image, 0.5)
        grey = -(safe * safe.log() + (1 - safe) * (1 - safe).log())
        out.append((each - torch.where((image > 0) & (image < 1), grey, 0.0)).sum())
    return torch.stack(out)


# %% excess | wrong | the sigmoid first | says: rounded to 0 or 1
def excess(x, logits):
    p = torch.sigmoid(logits)
    cost = -torch.xlogy(x, p) - torch.xlogy(1 - x, 1 - p)
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)


# %% excess | wrong | F.binary_cross_entropy of the sigmoid | says: below -100
def excess(x, logits):
    cost = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none")
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)


# %% excess | wrong | bets held from 0 and 1 | says: logits near 50
def excess(x, logits):
    p = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    cost = -(x * p.log() + (1 - x) * (1 - p).log())
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)


# %% excess | wrong | logits held at 20 | says: logits near 50
def excess(x, logits):
    cost = F.binary_cross_entropy_with_logits(logits.clamp(-20, 20), x, reduction="none")
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)


# %% excess | wrong | detached | says: no gradient
def excess(x, logits):
    cost = F.binary_cross_entropy_with_logits(logits.detach(), x, reduction="none")
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1)


# %% excess | wrong | NumPy where a gradient is asked for | says: no gradient|raised
def excess(x, logits):
    import numpy as np

    a, b = x.numpy(), logits.detach().numpy()
    grey = -torch.xlogy(x, x).numpy() - torch.xlogy(1 - x, 1 - x).numpy()
    return (np.logaddexp(0, b) - a * b - grey).sum(axis=1)


# %% excess | wrong | x changed in place | says: changed its argument x
def excess(x, logits):
    cost = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    entropy = torch.special.entr(x) + torch.special.entr(1 - x)
    x.clamp_(1e-6, 1 - 1e-6)
    return (cost - entropy).sum(dim=1)


# %% excess | wrong | the mean over the batch | says: mean over the batch
def excess(x, logits):
    cost = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1).mean()


# %% excess | wrong | a small number in the logarithm | says: .
def excess(x, logits):
    p = torch.sigmoid(logits)
    cost = -(x * (p + 1e-8).log() + (1 - x) * (1 - p + 1e-8).log())
    return (cost + x * (x + 1e-8).log() + (1 - x) * (1 - x + 1e-8).log()).sum(dim=1)


# %% excess | wrong | divided by 784 | says: .
def excess(x, logits):
    cost = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1) / 784


# %% excess | wrong | squeezed | says: one image|fewer axes
def excess(x, logits):
    cost = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return (cost + torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1).squeeze()


# %% TiedAutoencoder | wrong | biases with a second axis of 1 | says: not the axes: a weight has two, a bias one
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a, self.c = nn.Parameter(torch.zeros(hidden, 1)), nn.Parameter(torch.zeros(hidden, 1))
        self.b, self.d = nn.Parameter(torch.zeros(latent_dim, 1)), nn.Parameter(torch.zeros(pixels, 1))

    def encode(self, x):
        return (self.w2 @ F.silu(self.w1 @ x.T + self.a) + self.b).T

    def decode(self, z):
        return (self.w1.T @ F.silu(self.w2.T @ z.T + self.c) + self.d).T

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | the second weight starts as an identity | says: one of the two weights the same
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.eye(latent_dim, hidden))
        self.a, self.c = nn.Parameter(torch.zeros(hidden)), nn.Parameter(torch.zeros(hidden))
        self.b, self.d = nn.Parameter(torch.zeros(latent_dim)), nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        return F.linear(F.silu(F.linear(z, self.w2.T, self.c)), self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))


# %% TiedAutoencoder | wrong | a bias by its data | says: the outputs change with it, so was it detached
class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim, *, generator):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, pixels, generator=generator) / pixels**0.5)
        self.w2 = nn.Parameter(torch.randn(latent_dim, hidden, generator=generator) / hidden**0.5)
        self.a, self.c = nn.Parameter(torch.zeros(hidden)), nn.Parameter(torch.zeros(hidden))
        self.b, self.d = nn.Parameter(torch.zeros(latent_dim)), nn.Parameter(torch.zeros(pixels))

    def encode(self, x):
        return F.linear(F.silu(F.linear(x, self.w1, self.a)), self.w2, self.b)

    def decode(self, z):
        return F.linear(F.silu(F.linear(z, self.w2.T, self.c.data)), self.w1.T, self.d)

    def forward(self, x):
        return self.decode(self.encode(x))


# %% train_in_parts | wrong | the losses as texts | says: returned a text, among other values
def train_in_parts(x, most, steps, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    model = models.Autoencoder(2, hidden=(32,), pixels=x.shape[1], generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    costs = []
    for _ in range(steps):
        optimizer.zero_grad()
        cost = 0.0
        for part in x.split(most):
            loss = losses.bernoulli_nll(part, model(part)).sum() / len(x)
            loss.backward()
            cost += loss.item()
        optimizer.step()
        costs.append(f"{cost:.4f}")
    return costs, nn.utils.parameters_to_vector(model.parameters()).detach()


# %% blind_logits | wrong | only what is infinite is moved | says: pixels that are nearly 0, or 1, in every image
def blind_logits(x):
    limit = torch.logit(torch.tensor(0.999, dtype=x.dtype)).item()
    return torch.logit(x.mean(dim=0)).nan_to_num(posinf=limit, neginf=-limit)


# %% blind_logits | wrong | over the images with ink there | says: a pixel that is 0 in one image and grey in another
def blind_logits(x):
    mean = x.sum(dim=0) / (x > 0).sum(dim=0).clamp(min=1)
    return torch.logit(mean, eps=0.001)


# %% blind_logits | wrong | the first image alone | says: special about several images
def blind_logits(x):
    return torch.logit(x[0], eps=0.001)


# %% blind_logits | right | by bisection
def blind_logits(x):
    mean = x.mean(dim=0).clamp(0.001, 0.999)
    low, high = torch.full_like(mean, -8), torch.full_like(mean, 8)
    for _ in range(80):
        middle = (low + high) / 2
        less = torch.sigmoid(middle) < mean
        low, high = torch.where(less, middle, low), torch.where(less, high, middle)
    return middle


# %% excess | wrong | only pixels that are clearly grey are taken off | says: pixels of nearly 0 and nearly 1
def excess(x, logits):
    entropy = torch.special.entr(x) + torch.special.entr(1 - x)
    return losses.bernoulli_nll(x, logits) - (entropy * ((x > 0.01) & (x < 0.99))).sum(dim=1)
