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


# %% mixture_moments | wrong | one sigma for all directions | says: sigma .value 2. is the first
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


# %% tilt_cost | wrong | three steps so far, all right | says: Right so far, up to the mean of log p
def tilt_cost(rho, tau, s):
    u = 1 - rho**2
    first = tau**4 * u
    second = 2 * s**2 / (tau**2 * u)
    third = -math.log(2 * math.pi) - math.log(first) / 2 - second / 2
    return first, second, third, None, None, None, None, None


# %% tilt_cost | wrong | tau forgotten everywhere | says: the determinant \(value 1\) is the first
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


# %% tilt_cost | wrong | everything for one direction | says: first that is not right
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


# %% tilt_cost | wrong | bits for nats in the last step | says: what is lost \(value 8\)
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


# %% tilt_cost | wrong | no negative tilt | says: raised ValueError
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
