# ruff: noqa
# Answers to the exercises of chapter 4 as learners write them. Each runs in the names that the page gives.

# %% share_in_space | right | what a run prints
prediction = 19.9

# %% share_in_space | right | a NumPy number
import numpy as np

prediction = np.float32(20.0)

# %% share_in_space | right | the closed form
prediction = 100 * (math.erf(0.5**0.5) - math.sqrt(2 / math.pi) * math.exp(-0.5))

# %% share_in_space | wrong | the share of a line | says: share on a line
prediction = 68

# %% share_in_space | wrong | the plane's share | says: That is the share in the plane
prediction = 39.35

# %% share_in_space | wrong | a box | says: share in a box
prediction = 100 * 0.683**3

# %% share_in_space | wrong | a third power of the plane | says: few points off
prediction = 6.1

# %% share_in_space | wrong | a share where per cent is asked | says: in per cent
prediction = 0.2

# %% share_in_space | wrong | a text | says: should be a number
prediction = "20 %"


# %% share_in_space | wrong | plane times line | says: a cylinder
prediction = 39.3 * 0.683


# %% GaussianEncoder | right | two hidden layers and a ReLU
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, 32), nn.ReLU(), nn.Linear(32, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        mu = self.mu_head(h)
        logvar = self.logvar_head(h)
        return mu, logvar


# %% GaussianEncoder | right | a list, tanh in the body, float64 weights
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        kind = {"dtype": torch.float64}
        self.body = nn.Sequential(nn.Linear(pixels, hidden, **kind), nn.Tanh())
        self.mu_head = nn.Linear(hidden, latent_dim, **kind)
        self.logvar_head = nn.Linear(hidden, latent_dim, **kind)

    def forward(self, x):
        h = self.body(x)
        return [self.mu_head(h), self.logvar_head(h)]


# %% GaussianEncoder | right | the package's perceptrons
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        g = torch.Generator().manual_seed(0)
        self.body = nn.Sequential(models.mlp([pixels, hidden], generator=g), nn.SiLU())
        self.mu_head = models.mlp([hidden, latent_dim], generator=g)
        self.logvar_head = models.mlp([hidden, latent_dim], generator=g)

    def forward(self, x):
        return self.mu_head(self.body(x)), self.logvar_head(self.body(x))


# %% GaussianEncoder | right | a named tuple
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return models.GaussianCode(self.mu_head(h), self.logvar_head(h))


# %% GaussianEncoder | right | body run twice, heads without bias
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim, bias=False)
        self.logvar_head = nn.Linear(hidden, latent_dim, bias=False)

    def forward(self, x):
        return self.mu_head(self.body(x)), self.logvar_head(self.body(x))


# %% GaussianEncoder | right | layer norm within one image
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.LayerNorm(hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | softplus behind logvar | says: a softplus keeps it above 0
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), nn.functional.softplus(self.logvar_head(h))


# %% GaussianEncoder | wrong | sigma for logvar | says: an exponential makes it a sigma
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), (self.logvar_head(h) / 2).exp()


# %% GaussianEncoder | wrong | tanh of mu | says: mu is not what its head says
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return torch.tanh(self.mu_head(h)), self.logvar_head(h)


# %% GaussianEncoder | wrong | a relu inside a head | says: `net\.logvar_head` bends
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Sequential(nn.Linear(hidden, latent_dim), nn.ReLU())

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | the draw too | says: returns 3 values
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        mu, logvar = self.mu_head(h), self.logvar_head(h)
        return mu, logvar, mu + (logvar / 2).exp() * torch.randn_like(mu)


# %% GaussianEncoder | wrong | layers in a plain list | says: are not among the encoder's parameters
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.layers = [nn.Linear(pixels, hidden), nn.SiLU()]
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def body(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | no super().__init__() | says: stand first
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | the course's sizes written in | says: raised RuntimeError
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(784, 128), nn.SiLU())
        self.mu_head = nn.Linear(128, 2)
        self.logvar_head = nn.Linear(128, 2)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | batch norm in the body | says: fails for a single image
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.BatchNorm1d(hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | activation outside of the body | says: belongs into the body
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Linear(pixels, hidden)
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x).relu()
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | heads on the images | says: does not take the features
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(pixels, latent_dim)
        self.logvar_head = nn.Linear(pixels, latent_dim)

    def forward(self, x):
        return self.mu_head(x), self.logvar_head(x)


# %% GaussianEncoder | wrong | a tensor without gradient | says: No gradient of mu
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        with torch.no_grad():
            h = self.body(x)
            return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | an encoder and no class | says: class
class _Encoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.SiLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


GaussianEncoder = _Encoder(784, 128, 2)


# %% GaussianEncoder | wrong | a single image loses | says: Of a single image your encoder gives another shape
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h).squeeze(), self.logvar_head(h).squeeze()


# %% GaussianEncoder | wrong | both returns from | says: the other head says
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.mu_head(h)


# %% GaussianEncoder | wrong | logvar divided by two | says: it is halved
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h) / 2


# %% GaussianEncoder | wrong | forward misspelt | says: called `forward`
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def foward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | logvar clamped "for | says: cut off where it is large
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), torch.clamp(self.logvar_head(h), -30.0, 20.0)


# %% GaussianEncoder | wrong | images centred by | says: depends on the other images
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x - x.mean(dim=0))
        return self.mu_head(h), self.logvar_head(h)


# %% mixture_moments | right | torch.distributions
def mixture_moments(weights, mu, sigma):
    parts = torch.distributions.Independent(torch.distributions.Normal(mu, sigma), 1)
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(weights), parts)
    return mixture.mean, mixture.stddev


# %% mixture_moments | right | second moments, a list
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    return [mean, (weights @ (mu**2 + sigma**2) - mean**2).sqrt()]


# %% mixture_moments | right | loops over the regions
def mixture_moments(weights, mu, sigma):
    mean, second = torch.zeros_like(mu[0]), torch.zeros_like(mu[0])
    for w, m in zip(weights, mu):
        mean = mean + w * m
    for w, m, s in zip(weights, mu, sigma):
        second = second + w * (s**2 + (m - mean) ** 2)
    return mean, second**0.5


# %% mixture_moments | right | einsum
def mixture_moments(weights, mu, sigma):
    mean = torch.einsum("r,rd->d", weights, mu)
    variance = torch.einsum("r,rd->d", weights, sigma.square() + (mu - mean).square())
    return mean, torch.sqrt(variance)


# %% mixture_moments | right | pairs of regions
def mixture_moments(weights, mu, sigma):
    gaps = (mu[:, None] - mu[None]) ** 2
    between = torch.einsum("i,j,ijd->d", weights, weights, gaps) / 2
    return weights @ mu, (weights @ sigma**2 + between).sqrt()


# %% mixture_moments | right | regions merged
def mixture_moments(weights, mu, sigma):
    w, m, v = weights[0], mu[0], sigma[0] ** 2
    for wi, mi, si in zip(weights[1:], mu[1:], sigma[1:]):
        new = w + wi
        gap = mi - m
        v = (w * v + wi * si**2) / new + w * wi / new**2 * gap**2
        m = m + gap * wi / new
        w = new
    return m, v.sqrt()


# %% mixture_moments | right | norm of a tall
def mixture_moments(weights, mu, sigma):
    mean = (weights.unsqueeze(1) * mu).sum(0)
    root = weights.sqrt().unsqueeze(1)
    return mean, torch.cat([root * sigma, root * (mu - mean)]).norm(dim=0)


# %% mixture_moments | wrong | weights left out | says: left the weights out
def mixture_moments(weights, mu, sigma):
    return mu.mean(0), (sigma**2).mean(0).add(mu.var(0, correction=0)).sqrt()


# %% mixture_moments | wrong | sigmas averaged | says: averaged the sigmas\. Standard
def mixture_moments(weights, mu, sigma):
    return weights @ mu, weights @ sigma


# %% mixture_moments | wrong | within only | says: widths of the regions only
def mixture_moments(weights, mu, sigma):
    return weights @ mu, (weights @ sigma**2).sqrt()


# %% mixture_moments | wrong | between only | says: distances of the centres only
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    return mean, (weights @ (mu - mean) ** 2).sqrt()


# %% mixture_moments | wrong | the variance | says: second value is the variance
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    return mean, weights @ (sigma**2 + (mu - mean) ** 2)


# %% mixture_moments | wrong | sigma clamped | says: right for|first that is not right
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    sigma = sigma.clamp(min=0.5)
    return mean, (weights @ (sigma**2 + (mu - mean) ** 2)).sqrt()


# %% mixture_moments | wrong | mu centred in place | says: changed its argument mu
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    mu -= mean
    return mean, (weights @ (sigma**2 + mu**2)).sqrt()


# %% mixture_moments | wrong | two directions only | says: raised IndexError
def mixture_moments(weights, mu, sigma):
    mean = torch.stack([(weights * mu[:, d]).sum() for d in (0, 1)])
    spread = torch.stack([(weights * (sigma[:, d] ** 2 + (mu[:, d] - mean[d]) ** 2)).sum().sqrt() for d in (0, 1)])
    return mean, spread


# %% mixture_moments | wrong | float64 whatever comes in | says: the dtype is not
def mixture_moments(weights, mu, sigma):
    weights, mu, sigma = weights.double(), mu.double(), sigma.double()
    mean = weights @ mu
    return mean, (weights @ (sigma**2 + (mu - mean) ** 2)).sqrt()


# %% mixture_moments | wrong | one sigma for all directions | says: Sigma .value 2. is the first
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    return mean, (weights @ (sigma**2 + (mu - mean) ** 2)).mean().sqrt()


# %% mixture_moments | wrong | a product of Gaussians | says: product of the Gaussians
def mixture_moments(weights, mu, sigma):
    precision = 1 / sigma**2
    return (precision * mu).sum(0) / precision.sum(0), precision.sum(0) ** -0.5


# %% mixture_moments | wrong | nothing on a line | says: returned nothing in one case
def mixture_moments(weights, mu, sigma):
    if mu.shape[1] > 1:
        mean = weights @ mu
        return mean, (weights @ (sigma**2 + (mu - mean) ** 2)).sqrt()


# %% mixture_moments | wrong | weights ignored in the | says: squared widths and distances are not
def mixture_moments(weights, mu, sigma):
    mean = weights @ mu
    return mean, (sigma**2 + (mu - mean) ** 2).mean(0).sqrt()


# %% mixture_moments | wrong | weights broadcast | says: lie along the directions
def mixture_moments(weights, mu, sigma):
    mean = (weights * mu).sum(0)
    return mean, (weights * (sigma**2 + (mu - mean) ** 2)).sum(0).sqrt()


# %% mixture_moments | wrong | regions of small | says: a few thousandths
def mixture_moments(weights, mu, sigma):
    keep = weights > 0.01
    w, m, s = weights[keep], mu[keep], sigma[keep]
    w = w / w.sum()
    mean = w @ m
    return mean, (w @ (s**2 + (m - mean) ** 2)).sqrt()


# %% mixture_moments | wrong | drawn | says: does it draw
def mixture_moments(weights, mu, sigma):
    k = torch.multinomial(weights, 20000, replacement=True)
    z = mu[k] + sigma[k] * torch.randn(20000, mu.shape[1], dtype=mu.dtype)
    return z.mean(0), z.std(0)


# %% mixture_moments | wrong | mean square minus square, in | says: narrow regions with one centre|first that is not right
def mixture_moments(weights, mu, sigma):
    w, m, s = weights.float(), mu.float(), sigma.float()
    mean = w @ m
    second = w @ (s**2 + m**2)
    return mean.to(mu.dtype), (second - mean**2).clamp(min=0).sqrt().to(mu.dtype)


# %% mixture_moments | wrong | shape (1 | says: another shape than asked for
def mixture_moments(weights, mu, sigma):
    w = weights[None]
    mean = w @ mu
    return mean, (w @ (sigma**2 + (mu - mean) ** 2)).sqrt()


# %% tilt_cost | right | matrices and the library
def tilt_cost(rho, tau, s):
    C = tau**2 * torch.tensor([[1.0, rho], [rho, 1.0]]).double()
    p = torch.distributions.MultivariateNormal(torch.zeros(2).double(), C)
    q = torch.distributions.MultivariateNormal(torch.zeros(2).double(), s**2 * torch.eye(2).double())
    kl = torch.distributions.kl_divergence(q, p)
    inverse = torch.linalg.inv(C)
    square = s**2 * torch.trace(inverse)
    best = tau * math.sqrt(1 - rho**2)
    at_best = torch.distributions.MultivariateNormal(torch.zeros(2).double(), best**2 * torch.eye(2).double())
    log_q = -q.entropy()
    return (
        torch.det(C),
        square,
        log_q - kl,
        log_q,
        kl,
        s * torch.trace(inverse) - 2 / s,
        best,
        torch.distributions.kl_divergence(at_best, p),
    )


# %% tilt_cost | right | NumPy, a list
import numpy as np


def tilt_cost(rho, tau, s):
    u = 1 - rho**2
    k = np.log(2 * np.pi)
    return [
        tau**4 * u,
        2 * s**2 / tau**2 / u,
        -k - 2 * np.log(tau) - np.log(u) / 2 - s**2 / tau**2 / u,
        -k - 2 * np.log(s) - 1,
        s**2 / tau**2 / u - 1 - 2 * np.log(s) + 2 * np.log(tau) + np.log(u) / 2,
        2 * s / tau**2 / u - 2 / s,
        tau * np.sqrt(u),
        np.log(1 / np.sqrt(u)),
    ]


# %% tilt_cost | right | eigenvalues
from collections import namedtuple
Steps = namedtuple("Steps", "det square logp logq kl slope best lost")
def tilt_cost(rho, tau, s):
    wide, narrow = tau * math.sqrt(1 + rho), tau * math.sqrt(1 - rho)
    square = (s / wide) ** 2 + (s / narrow) ** 2
    return Steps(
        det=(wide * narrow) ** 2, square=square,
        logp=-math.log(2 * math.pi * wide * narrow) - square / 2,
        logq=-math.log(2 * math.pi) - 2 * math.log(s) - 1,
        kl=math.log(wide * narrow / s**2) + square / 2 - 1,
        slope=s / wide**2 + s / narrow**2 - 2 / s,
        best=math.sqrt(2 / (wide**-2 + narrow**-2)),
        lost=math.log(1 / math.sqrt((1 + rho) * (1 - rho))),
    )


# %% tilt_cost | right | autograd
def tilt_cost(rho, tau, s):
    def kl(x):
        return math.log(tau**4 * (1 - rho**2)) / 2 + x**2 / (tau**2 * (1 - rho**2)) - 2 * torch.log(x) - 1
    x = torch.tensor(float(s), dtype=torch.float64, requires_grad=True)
    value = kl(x)
    (slope,) = torch.autograd.grad(value, x)
    best = tau * (1 - rho**2) ** 0.5
    return (tau**4 * (1 - rho**2), 2 * s**2 / (tau**2 * (1 - rho**2)),
            -math.log(2 * math.pi) - math.log(tau**4 * (1 - rho**2)) / 2 - s**2 / (tau**2 * (1 - rho**2)),
            -math.log(2 * math.pi * s**2) - 1, value.item(), slope.item(), best,
            kl(torch.tensor(best, dtype=torch.float64)).item())


# %% tilt_cost | wrong | three steps so far, all right | says: Right so far, up to the mean of log p
def tilt_cost(rho, tau, s):
    u = 1 - rho**2
    first = tau**4 * u
    second = 2 * s**2 / (tau**2 * u)
    third = -math.log(2 * math.pi) - math.log(first) / 2 - second / 2
    return first, second, third, None, None, None, None, None


# %% tilt_cost | wrong | tau forgotten everywhere | says: The determinant: tau is lost
def tilt_cost(rho, tau, s):
    u, k = 1 - rho**2, math.log(2 * math.pi)
    return (
        u,
        2 * s**2 / u,
        -k - math.log(u) / 2 - s**2 / u,
        -k - 2 * math.log(s) - 1,
        s**2 / u - 1 - 2 * math.log(s) + math.log(u) / 2,
        2 * s / u - 2 / s,
        u**0.5,
        -math.log(u) / 2,
    )


# %% tilt_cost | wrong | everything for one direction | says: The mean of the square: that is one direction
def tilt_cost(rho, tau, s):
    u, k = 1 - rho**2, math.log(2 * math.pi) / 2
    return (
        tau**4 * u,
        s**2 / (tau**2 * u),
        -k - math.log(tau**2 * u) / 2 - s**2 / (2 * tau**2 * u),
        -k - math.log(s) - 0.5,
        s**2 / (2 * tau**2 * u) - 0.5 - math.log(s / tau) + math.log(u) / 2,
        s / (tau**2 * u) - 1 / s,
        tau * u**0.5,
        -math.log(u) / 2,
    )


# %% tilt_cost | wrong | bits for nats in the last step | says: that is in bits
def tilt_cost(rho, tau, s):
    u, k = 1 - rho**2, math.log(2 * math.pi)
    return (
        tau**4 * u,
        2 * s**2 / (tau**2 * u),
        -k - math.log(tau**4 * u) / 2 - s**2 / (tau**2 * u),
        -k - 2 * math.log(s) - 1,
        s**2 / (tau**2 * u) - 1 - 2 * math.log(s / tau) + math.log(u) / 2,
        2 * s / (tau**2 * u) - 2 / s,
        tau * u**0.5,
        -math.log2(u) / 2,
    )


# %% tilt_cost | wrong | seven values | says: should return a tuple of 8
def tilt_cost(rho, tau, s):
    u, k = 1 - rho**2, math.log(2 * math.pi)
    return (
        tau**4 * u,
        2 * s**2 / (tau**2 * u),
        -k - math.log(tau**4 * u) / 2 - s**2 / (tau**2 * u),
        -k - 2 * math.log(s) - 1,
        s**2 / (tau**2 * u) - 1 - 2 * math.log(s / tau) + math.log(u) / 2,
        2 * s / (tau**2 * u) - 2 / s,
        tau * u**0.5,
    )


# %% tilt_cost | wrong | no negative tilt | says: What is lost \(value 8\)
def tilt_cost(rho, tau, s):
    u, k = 1 - rho**2, math.log(2 * math.pi)
    best = tau * math.sqrt(1 - rho) * math.sqrt(1 + rho)
    return (
        tau**4 * u,
        2 * s**2 / (tau**2 * u),
        -k - math.log(tau**4 * u) / 2 - s**2 / (tau**2 * u),
        -k - 2 * math.log(s) - 1,
        s**2 / (tau**2 * u) - 1 - 2 * math.log(s / tau) + math.log(u) / 2,
        2 * s / (tau**2 * u) - 2 / s,
        best,
        math.log(rho / u),
    )


# %% tilt_cost | wrong | sign of log p | says: all of it has the wrong sign
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    k = tau**2 * (1 - rho**2)
    det = tau**4 * (1 - rho**2)
    return (det, 2 * s**2 / k, log(2 * pi) + log(det) / 2 + s**2 / k, -log(2 * pi * s**2) - 1,
            log(det) / 2 + s**2 / k - 2 * log(s) - 1, 2 * s / k - 2 / s, sqrt(k), -log(1 - rho**2) / 2)


# %% tilt_cost | wrong | z1 z2 taken | says: not correlated
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    k = tau**2 * (1 - rho**2)
    return (tau**4 * (1 - rho**2), 2 * s**2 * (1 - rho) / k, -log(2 * pi) - log(tau * sqrt(k)) - s**2 * (1 - rho) / k,
            -log(2 * pi * s**2) - 1, log(tau * sqrt(k)) + s**2 * (1 - rho) / k - 2 * log(s) - 1, 2 * s * (1 - rho) / k - 2 / s, tau * sqrt(1 + rho), None)


# %% tilt_cost | wrong | the entropy | says: that is its entropy
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    k = tau**2 * (1 - rho**2)
    det = tau**4 * (1 - rho**2)
    return (det, 2 * s**2 / k, -log(2 * pi) - log(det) / 2 - s**2 / k, log(2 * pi * s**2) + 1,
            log(det) / 2 + s**2 / k - 2 * log(s) - 1, 2 * s / k - 2 / s, sqrt(k), -log(1 - rho**2) / 2)


# %% tilt_cost | wrong | KL(p | says: that is the other one
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    k = tau**2 * (1 - rho**2)
    det = tau**4 * (1 - rho**2)
    kl = -log(det) / 2 + 2 * log(s) + tau**2 / s**2 - 1
    return (det, 2 * s**2 / k, -log(2 * pi) - log(det) / 2 - s**2 / k, -log(2 * pi * s**2) - 1,
            kl, 2 / s - 2 * tau**2 / s**3, tau, -log(1 - rho**2) / 2)


# %% tilt_cost | wrong | log p and log q | says: that is the mean of log q
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    k = tau**2 * (1 - rho**2)
    det = tau**4 * (1 - rho**2)
    return (det, 2 * s**2 / k, -log(2 * pi * s**2) - 1, -log(2 * pi) - log(det) / 2 - s**2 / k,
            log(det) / 2 + s**2 / k - 2 * log(s) - 1, 2 * s / k - 2 / s, sqrt(k), -log(1 - rho**2) / 2)


# %% tilt_cost | wrong | rho clipped | says: a strong tilt
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    rho = max(-0.95, min(0.95, rho))
    k = tau**2 * (1 - rho**2)
    det = tau**4 * (1 - rho**2)
    return (det, 2 * s**2 / k, -log(2 * pi) - log(det) / 2 - s**2 / k, -log(2 * pi * s**2) - 1,
            log(det) / 2 + s**2 / k - 2 * log(s) - 1, 2 * s / k - 2 / s, sqrt(k), -log(1 - rho**2) / 2)


# %% tilt_cost | wrong | texts of | says: It is a text, and
def tilt_cost(rho, tau, s):
    return ("tau**4*(1-rho**2)", "2*s**2/(tau**2*(1-rho**2))", None, None, None, None, None, None)


# %% GaussianEncoder | right | layers that have names of their own, too
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.fc1, self.act = nn.Linear(pixels, hidden), nn.ReLU()
        self.body = nn.Sequential(self.fc1, self.act)
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | right | the body a method, a lazy layer first
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.layers = nn.ModuleList([nn.LazyLinear(hidden), nn.Linear(hidden, hidden)])
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def body(self, x):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | a bounded body, and logvar clamped out of its reach | says: cut off where it is large
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.Tanh())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h).clamp(-10, 10)


# %% GaussianEncoder | wrong | the weights of the heads tied | says: share a weight
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)
        self.logvar_head.weight = self.mu_head.weight

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | the logvar head begins at 0 | says: are all 0
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)
        nn.init.zeros_(self.logvar_head.weight)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% GaussianEncoder | wrong | a relu of the images, which are never below 0 | says: Nothing bends
class GaussianEncoder(nn.Module):
    def __init__(self, pixels, hidden, latent_dim):
        super().__init__()
        self.body = nn.Sequential(nn.ReLU(), nn.Linear(pixels, hidden))
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        h = self.body(x)
        return self.mu_head(h), self.logvar_head(h)


# %% mixture_moments | wrong | the variance of the centres without weights | says: spread of your centres
def mixture_moments(weights, mu, sigma):
    return weights @ mu, (weights @ sigma**2 + mu.var(dim=0, correction=0)).sqrt()


# %% tilt_cost | wrong | 1 minus rho squared held above 0.03 | says: a strong tilt
from math import log, pi, sqrt
def tilt_cost(rho, tau, s):
    upright = max(1 - rho**2, 0.03)
    k, det = tau**2 * upright, tau**4 * upright
    return (det, 2 * s**2 / k, -log(2 * pi) - log(det) / 2 - s**2 / k, -log(2 * pi * s**2) - 1,
            log(det) / 2 + s**2 / k - 2 * log(s) - 1, 2 * s / k - 2 / s, sqrt(k), -log(upright) / 2)
