# %% constant_added | right | with capitals and blanks
prediction = {
    "scatter, reparameterized": "Same",
    "scatter, score function": " LARGER ",
    "scatter, with baseline": "same",
    "mean, score function": "Same",
}

# %% constant_added | wrong | the mean moves with f | says: let the mean grow
prediction = {
    "scatter, reparameterized": "same",
    "scatter, score function": "larger",
    "scatter, with baseline": "same",
    "mean, score function": "larger",
}


# %% draws | right | image by image
def draws(mu, logvar, samples, generator):
    columns = []
    for m, v in zip(mu, logvar, strict=True):
        eps = torch.randn(samples, len(m), generator=generator, dtype=mu.dtype)
        columns.append(m + torch.exp(v / 2) * eps)
    return torch.stack(columns, dim=1)


# %% draws | right | one long list, taken apart
def draws(mu, logvar, samples, generator):
    mus = mu.repeat(samples, 1)
    sigmas = logvar.exp().sqrt().repeat(samples, 1)
    eps = torch.randn(mus.shape, generator=generator, dtype=mu.dtype)
    return (mus + sigmas * eps).view(samples, *mu.shape)


# %% draws | right | eps in float32, then in the dtype of mu
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator).to(mu)
    return torch.addcmul(mu, (0.5 * logvar).exp(), eps)


# %% draws | right | normal_ on an empty tensor
def draws(mu, logvar, samples, generator):
    eps = torch.empty(samples, *mu.shape, dtype=mu.dtype).normal_(generator=generator)
    return eps * torch.exp(0.5 * logvar) + mu


# %% draws | wrong | antithetic pairs side by side | says: mirror each other|mirrored pairs
def draws(mu, logvar, samples, generator):
    half = torch.randn((samples + 1) // 2, *mu.shape, generator=generator, dtype=mu.dtype)
    eps = torch.stack([half, -half], dim=1).flatten(0, 1)[:samples]
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | antithetic images | says: mirror each other|mirrored pairs
def draws(mu, logvar, samples, generator):
    half = torch.randn(samples, (len(mu) + 1) // 2, mu.shape[1], generator=generator, dtype=mu.dtype)
    eps = torch.cat([half, -half], dim=1)[:, : len(mu)]
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | each draw twice | says: used more than once
def draws(mu, logvar, samples, generator):
    half = torch.randn((samples + 1) // 2, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * half.repeat(2, 1, 1)[:samples]


# %% draws | wrong | standardised over everything, unless there is one number | says: mean of exactly 0
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    if eps.numel() > 1:
        eps = (eps - eps.mean()) / eps.std()
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | scaled to a spread of 1 over the draws | says: spread of exactly 1
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    if samples > 1:
        eps = eps / eps.std(dim=0)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | eps clipped at three | says: ends at a limit
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * torch.clip(eps, -3, 3)


# %% draws | wrong | uniform noise with the right spread | says: ends at a limit
def draws(mu, logvar, samples, generator):
    eps = torch.rand(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * (eps - 0.5) * 12**0.5


# %% draws | wrong | a floor under sigma | says: small spreads come out too large
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp().clamp(min=0.1) * eps


# %% draws | wrong | logvar clamped on both sides | says: small spreads come out too large
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar.clamp(-4, 4)).exp() * eps


# %% draws | wrong | logvar clamped in place | says: changed its argument logvar
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    logvar.data.clamp_(-4, 4)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | exp in place on data | says: logvar hears nothing
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).data.exp_() * eps


# %% draws | wrong | only the first draw from the generator | says: does not come from the generator
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, dtype=mu.dtype)
    eps[0] = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | a generator made from the seed of the one handed in | says: set back, or copied
def draws(mu, logvar, samples, generator):
    mine = torch.Generator().manual_seed(generator.initial_seed())
    eps = torch.randn(samples, *mu.shape, generator=mine, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | always float64 | says: should give draws in float32
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=torch.float64)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | the axis of one draw squeezed away | says: first axis should be there too
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return (mu + (0.5 * logvar).exp() * eps).squeeze(0)


# %% draws | wrong | drawn without a gradient | says: neither head hears
def draws(mu, logvar, samples, generator):
    with torch.no_grad():
        eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
        return mu + (0.5 * logvar).exp() * eps


# %% score_gradient | right | NumPy inside, a list
def score_gradient(cost, baseline, z, mu, logvar):
    import numpy as np

    cost, baseline, z, mu, logvar = (each.numpy() for each in (cost, baseline, z, mu, logvar))
    by_mu = (z - mu) / np.exp(logvar)
    by_logvar = ((z - mu) ** 2 / np.exp(logvar) - 1) / 2
    weight = (cost - baseline)[:, :, np.newaxis]
    return [by_mu, by_logvar, (weight * by_mu).mean(axis=0), (weight * by_logvar).mean(axis=0)]


# %% score_gradient | right | by autograd of the library's density
def score_gradient(cost, baseline, z, mu, logvar):
    m = mu.expand_as(z).clone().requires_grad_()
    v = logvar.expand_as(z).clone().requires_grad_()
    log_q = torch.distributions.Normal(m, torch.exp(v / 2)).log_prob(z)
    by_mu, by_logvar = torch.autograd.grad(log_q.sum(), (m, v))
    weight = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (weight * by_mu).mean(0), (weight * by_logvar).mean(0)


# %% score_gradient | right | a loop over the draws
def score_gradient(cost, baseline, z, mu, logvar):
    sigma = (0.5 * logvar).exp()
    by_mu = torch.stack([(each - mu) / sigma**2 for each in z])
    by_logvar = torch.stack([((each - mu) / sigma) ** 2 / 2 - 0.5 for each in z])
    for_mu, for_logvar = torch.zeros_like(mu), torch.zeros_like(mu)
    for k in range(len(z)):
        above = (cost[k] - baseline[k])[:, None]
        for_mu += above * by_mu[k] / len(z)
        for_logvar += above * by_logvar[k] / len(z)
    return by_mu, by_logvar, for_mu, for_logvar


# %% score_gradient | wrong | the term without z left out in the score alone | says: derivative in logvar lacks the term
def score_gradient(cost, baseline, z, mu, logvar):
    variance = logvar.exp()
    by_mu = (z - mu) / variance
    by_logvar = 0.5 * (z - mu) ** 2 / variance
    weight = (cost - baseline)[..., None]
    return by_mu, by_logvar, (weight * by_mu).mean(0), (weight * (by_logvar - 0.5)).mean(0)


# %% score_gradient | wrong | a baseline made of the costs | says: a baseline of your own
def score_gradient(cost, baseline, z, mu, logvar):
    variance = logvar.exp()
    by_mu = (z - mu) / variance
    by_logvar = 0.5 * ((z - mu) ** 2 / variance - 1)
    weight = (cost - cost.mean(dim=0))[..., None]
    return by_mu, by_logvar, (weight * by_mu).mean(0), (weight * by_logvar).mean(0)


# %% score_gradient | wrong | costs less the baseline in place | says: changed its argument cost
def score_gradient(cost, baseline, z, mu, logvar):
    cost -= baseline
    variance = logvar.exp()
    by_mu = (z - mu) / variance
    by_logvar = 0.5 * ((z - mu) ** 2 / variance - 1)
    return by_mu, by_logvar, (cost[..., None] * by_mu).mean(0), (cost[..., None] * by_logvar).mean(0)


# %% score_gradient | wrong | a clamp on logvar | says: derivative of log q in mu
def score_gradient(cost, baseline, z, mu, logvar):
    variance = logvar.clamp(-4, 4).exp()
    by_mu = (z - mu) / variance
    by_logvar = 0.5 * ((z - mu) ** 2 / variance - 1)
    weight = (cost - baseline)[..., None]
    return by_mu, by_logvar, (weight * by_mu).mean(0), (weight * by_logvar).mean(0)


# %% score_gradient | wrong | the estimates alone | says: tuple of 4
def score_gradient(cost, baseline, z, mu, logvar):
    variance = logvar.exp()
    weight = (cost - baseline)[..., None]
    for_mu = (weight * (z - mu) / variance).mean(dim=0)
    return for_mu, (weight * 0.5 * ((z - mu) ** 2 / variance - 1)).mean(dim=0)


# %% two_losses | right | by torch.distributions, a list
def two_losses(mu, logvar, eps, target):
    q = torch.distributions.Normal(mu, logvar.exp().sqrt())
    z = q.loc + q.scale * eps
    cost = (z - target).pow(2).sum(-1)
    return [cost.mean(), (cost.detach() * q.log_prob(z.detach()).sum(-1)).mean()]


# %% two_losses | right | a surrogate whose value is that of the first
def two_losses(mu, logvar, eps, target):
    z = mu + torch.exp(logvar / 2) * eps
    cost = (z - target).square().sum(dim=1)
    fixed = z.detach()
    log_q = -0.5 * ((fixed - mu) ** 2 / logvar.exp() + logvar).sum(dim=1)
    surrogate = cost.detach() * (1 + log_q - log_q.detach())
    return cost.mean(), surrogate.mean()


# %% two_losses | wrong | a no_grad around the draw | says: no gradient. its z is a constant
def two_losses(mu, logvar, eps, target):
    with torch.no_grad():
        z = mu + (0.5 * logvar).exp() * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar).sum(dim=1)
    return cost.mean(), (cost * log_q).mean()


# %% two_losses | wrong | the cost of a constant for the second | says: no head has any part in
def two_losses(mu, logvar, eps, target):
    z = mu + (0.5 * logvar).exp() * eps
    cost = ((z - target) ** 2).sum(dim=1)
    return cost.mean(), cost.detach().mean()


# %% two_losses | wrong | the mean cost times the mean density | says: multiplies two means
def two_losses(mu, logvar, eps, target):
    z = mu + (0.5 * logvar).exp() * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = -0.5 * ((z.detach() - mu) ** 2 / logvar.exp() + logvar).sum(dim=1)
    return cost.mean(), cost.detach().mean() * log_q.mean()


# %% two_losses | wrong | one loss for each image | says: one number
def two_losses(mu, logvar, eps, target):
    z = mu + (0.5 * logvar).exp() * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = -0.5 * ((z.detach() - mu) ** 2 / logvar.exp() + logvar).sum(dim=1)
    return cost, cost.detach() * log_q


# %% two_losses | wrong | a clamp on logvar | says: path_loss
def two_losses(mu, logvar, eps, target):
    logvar = logvar.clamp(-4, 2)
    z = mu + (0.5 * logvar).exp() * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = -0.5 * ((z.detach() - mu) ** 2 / logvar.exp() + logvar).sum(dim=1)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% mean_cost | right | no long list at all
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).exp() * eps
    return ((z @ weight - x) ** 2).sum(dim=-1).mean(dim=0)


# %% mean_cost | right | the draws put second
def mean_cost(x, mu, logvar, eps, weight):
    samples, batch, latent_dim = eps.shape
    z = eps.mul(logvar.mul(0.5).exp()).add(mu)
    z = z.transpose(0, 1).reshape(batch * samples, latent_dim)
    cost = (z @ weight - x.repeat_interleave(samples, dim=0)).pow(2).sum(dim=1)
    return cost.view(batch, samples).mean(dim=1)


# %% mean_cost | right | a loop over the images
def mean_cost(x, mu, logvar, eps, weight):
    means = []
    for i in range(len(x)):
        z = mu[i] + (0.5 * logvar[i]).exp() * eps[:, i]
        means.append((z @ weight - x[i]).square().sum(dim=1).mean())
    return torch.stack(means)


# %% mean_cost | wrong | the view mended, the images not | says: repeated in another order
def mean_cost(x, mu, logvar, eps, weight):
    samples, batch, latent_dim = eps.shape
    z = eps.mul(logvar.mul(0.5).exp()).add(mu).view(samples * batch, latent_dim)
    cost = (z @ weight - x.repeat_interleave(samples, dim=0)).pow(2).sum(dim=1)
    return cost.view(samples, batch).mean(dim=0)


# %% mean_cost | wrong | the images mended, the view not | says: costs of several images
def mean_cost(x, mu, logvar, eps, weight):
    samples, batch, latent_dim = eps.shape
    z = eps.mul(logvar.mul(0.5).exp()).add(mu).view(samples * batch, latent_dim)
    cost = (z @ weight - x.repeat(samples, 1)).pow(2).sum(dim=1)
    return cost.view(batch, samples).mean(dim=1)


# %% mean_cost | wrong | the gradient of sigma cut off | says: no gradient reaches logvar
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).detach().exp_() * eps
    return ((z @ weight - x) ** 2).sum(dim=-1).mean(dim=0)


# %% mean_cost | wrong | eps stretched in place | says: changed its argument eps
def mean_cost(x, mu, logvar, eps, weight):
    z = eps.mul_((0.5 * logvar).exp()).add_(mu)
    return ((z @ weight - x) ** 2).sum(dim=-1).mean(dim=0)


# %% constant_added | right | built with dict(zip) in another order
names = [
    "mean, score function",
    "scatter, with baseline",
    "scatter, score function",
    "scatter, reparameterized",
]
prediction = dict(zip(names, ["same", "same", "larger", "same"]))


# %% constant_added | wrong | the baseline does not help | says: baseline scatter more
prediction = {
    "scatter, reparameterized": "same",
    "scatter, score function": "larger",
    "scatter, with baseline": "larger",
    "mean, score function": "same",
}


# %% constant_added | wrong | another word, bigger | says: should be one of
prediction = {
    "scatter, reparameterized": "same",
    "scatter, score function": "bigger",
    "scatter, with baseline": "same",
    "mean, score function": "same",
}


# %% constant_added | wrong | a list in the place of the dict | says: should be a dict
prediction = ["same", "larger", "same", "same"]


# %% draws | right | a loop over reparameterize
def draws(mu, logvar, samples, generator):
    return torch.stack(
        [
            models.reparameterize(mu, logvar, generator=generator)
            for _ in range(samples)
        ]
    )


# %% draws | right | images first, then permuted, einsum
def draws(mu, logvar, samples, generator):
    batch, latent = mu.shape
    e = torch.randn(
        batch, samples, latent, generator=generator, dtype=mu.dtype
    )
    scaled = torch.einsum("bd,bsd->bsd", logvar.exp().sqrt(), e)
    return (mu[:, None] + scaled).permute(1, 0, 2)


# %% draws | right | Box and Muller from the generator
import math

def draws(mu, logvar, samples, generator):
    shape = (samples, *mu.shape)
    u1 = 1 - torch.rand(shape, generator=generator, dtype=torch.float64)
    u2 = torch.rand(shape, generator=generator, dtype=torch.float64)
    eps = torch.sqrt(-2 * u1.log()) * torch.cos(2 * math.pi * u2)
    return mu + torch.exp(0.5 * logvar) * eps.to(mu.dtype)


# %% draws | right | NumPy noise, seeded by the generator
import numpy as np

def draws(mu, logvar, samples, generator):
    seed = torch.randint(2**62, (1,), generator=generator).item()
    eps = np.random.default_rng(seed).standard_normal((samples, *mu.shape))
    return mu + (0.5 * logvar).exp() * torch.from_numpy(eps).to(mu.dtype)


# %% draws | right | eps from the inverse of the normal's CDF
def draws(mu, logvar, samples, generator):
    u = torch.rand(
        samples, *mu.shape, generator=generator, dtype=torch.float64
    )
    eps = torch.special.ndtri(u + 2.0**-54)
    return mu + (0.5 * logvar).exp() * eps.to(mu)


# %% draws | wrong | rsample draws from the global generator | says: does not come from the generator
def draws(mu, logvar, samples, generator):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    return q.rsample((samples,))


# %% draws | wrong | own seed | says: nothing random comes from
def draws(mu, logvar, samples, generator):
    generator = torch.Generator().manual_seed(42)
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | one eps a draw, for all images | says: images move together
def draws(mu, logvar, samples, generator):
    eps = torch.randn(
        samples, 1, mu.shape[1], generator=generator, dtype=mu.dtype
    )
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | one eps for all directions | says: directions of a code move together
def draws(mu, logvar, samples, generator):
    eps = torch.randn(
        samples, mu.shape[0], 1, generator=generator, dtype=mu.dtype
    )
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | the images' eps shifted along from draw to draw | says: few different values
def draws(mu, logvar, samples, generator):
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    eps = torch.stack([eps.roll(s, 0) for s in range(samples)])
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | antithetic pairs | says: mirror each other|mirrored pairs
def draws(mu, logvar, samples, generator):
    half = (samples + 1) // 2
    eps = torch.randn(half, *mu.shape, generator=generator, dtype=mu.dtype)
    eps = torch.cat([eps, -eps])[:samples]
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | logvar cut at 2 above | says: large spreads come out too small
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar.clamp(-10, 2)).exp() * eps


# %% draws | wrong | a small number added to sigma | says: small spreads come out too large
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + ((0.5 * logvar).exp() + 1e-2) * eps


# %% draws | wrong | torch.normal has no path | says: neither head hears
def draws(mu, logvar, samples, generator):
    shape = (samples, *mu.shape)
    return torch.normal(
        mu.expand(shape), (0.5 * logvar).exp().expand(shape), generator=generator
    )


# %% draws | wrong | the gradient reaches logvar, twice too large | says: gradient at logvar is not
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    std = (0.5 * logvar).exp()
    std = 2 * std - std.detach()
    return mu + std * eps


# %% draws | wrong | the first draw alone hears the gradient | says: gradient at mu is not
def draws(mu, logvar, samples, generator):
    first = models.reparameterize(mu, logvar, generator=generator)[None]
    with torch.no_grad():
        rest = [
            models.reparameterize(mu, logvar, generator=generator)[None]
            for _ in range(samples - 1)
        ]
    return torch.cat([first, *rest])


# %% draws | wrong | images first | says: stand along the second axis
def draws(mu, logvar, samples, generator):
    batch, latent = mu.shape
    eps = torch.randn(
        batch, samples, latent, generator=generator, dtype=mu.dtype
    )
    return mu[:, None] + (0.5 * logvar[:, None]).exp() * eps


# %% draws | wrong | images first, then viewed as if draws came first | says: did rows change places
def draws(mu, logvar, samples, generator):
    m = mu.repeat_interleave(samples, dim=0)
    lv = logvar.repeat_interleave(samples, dim=0)
    z = models.reparameterize(m, lv, generator=generator)
    return z.view(samples, *mu.shape)


# %% draws | wrong | noise that knows the sign of mu | says: do not lie around mu
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * eps.abs() * torch.sign(mu)


# %% draws | wrong | the noise is halved where mu is far out | says: spread wrong
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    eps = torch.where(mu.abs() > 2, 0.5 * eps, eps)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | prints | says: prints and returns nothing
def draws(mu, logvar, samples, generator):
    eps = torch.randn(samples, *mu.shape, generator=generator, dtype=mu.dtype)
    print(mu + (0.5 * logvar).exp() * eps)


# %% score_gradient | right | autograd finds the derivatives
def score_gradient(cost, baseline, z, mu, logvar):
    m = mu.detach().expand_as(z).clone().requires_grad_()
    v = logvar.detach().expand_as(z).clone().requires_grad_()
    with torch.enable_grad():
        log_q = -0.5 * (((z.detach() - m) ** 2) / v.exp() + v)
        by_mu, by_logvar = torch.autograd.grad(log_q.sum(), (m, v))
    w = (cost - baseline)[:, :, None]
    return by_mu, by_logvar, (w * by_mu).mean(dim=0), (w * by_logvar).mean(dim=0)


# %% score_gradient | right | loops, a list
def score_gradient(cost, baseline, z, mu, logvar):
    samples, batch, latent = z.shape
    by_mu = torch.zeros_like(z)
    by_logvar = torch.zeros_like(z)
    for_mu = torch.zeros_like(mu)
    for_logvar = torch.zeros_like(mu)
    for b in range(batch):
        for d in range(latent):
            for s in range(samples):
                e = (z[s, b, d] - mu[b, d]) * torch.exp(-logvar[b, d] / 2)
                by_mu[s, b, d] = e * torch.exp(-logvar[b, d] / 2)
                by_logvar[s, b, d] = (e * e - 1) / 2
                a = (cost[s, b] - baseline[s, b]) / samples
                for_mu[b, d] += a * by_mu[s, b, d]
                for_logvar[b, d] += a * by_logvar[s, b, d]
    return [by_mu, by_logvar, for_mu, for_logvar]


# %% score_gradient | right | float64 inside and out
def score_gradient(cost, baseline, z, mu, logvar):
    cost, baseline, z, mu, logvar = [
        t.double() for t in (cost, baseline, z, mu, logvar)
    ]
    d = z - mu
    by_mu = d * torch.exp(-logvar)
    by_logvar = (by_mu * d - 1) / 2
    w = (cost - baseline)[..., None]
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | right | matmul with 1/K, a namedtuple
from collections import namedtuple

Pieces = namedtuple("Pieces", "by_mu by_logvar for_mu for_logvar")

def score_gradient(cost, baseline, z, mu, logvar):
    sigma = (0.5 * logvar).exp()
    eps = (z - mu) / sigma
    by_mu = eps / sigma
    by_logvar = eps.square() / 2 - 0.5
    a = ((cost - baseline) / cost.shape[0]).T.unsqueeze(1)
    for_mu = torch.bmm(a, by_mu.transpose(0, 1)).squeeze(1)
    for_logvar = torch.bmm(a, by_logvar.transpose(0, 1)).squeeze(1)
    return Pieces(by_mu, by_logvar, for_mu, for_logvar)


# %% score_gradient | wrong | sigma in the place of the variance | says: divided by sigma
def score_gradient(cost, baseline, z, mu, logvar):
    std = (0.5 * logvar).exp()
    by_mu = (z - mu) / std
    by_logvar = 0.5 * ((z - mu) ** 2 / std**2 - 1)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | the half forgotten in logvar | says: by log sigma
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = (z - mu) ** 2 / var - 1
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | the derivative in the variance | says: one by the variance
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var**2 - 1 / var)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | the derivative in sigma | says: one by sigma
def score_gradient(cost, baseline, z, mu, logvar):
    s = (0.5 * logvar).exp()
    by_mu = (z - mu) / s**2
    by_sigma = (z - mu) ** 2 / s**3 - 1 / s
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_sigma, (w * by_mu).mean(0), (w * by_sigma).mean(0)


# %% score_gradient | wrong | the mean over the images | says: means over the images
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(1), (w * by_logvar).mean(1)


# %% score_gradient | wrong | the baseline's mean over the draws | says: was averaged
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline.mean(0)).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | advantages divided by their spread | says: divided by their spread
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    a = cost - baseline
    if len(a) > 1:
        a = a / (a.std(0) + 1e-8)
    w = a.unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | mean of the product taken as product of means | says: multiply two means
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).mean(0).unsqueeze(-1)
    return by_mu, by_logvar, w * by_mu.mean(0), w * by_logvar.mean(0)


# %% score_gradient | wrong | 1e-5 added to the variance | says: logvar from -8 to 3
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp() + 1e-5
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | eps clipped at 3 | says: log q in mu
def score_gradient(cost, baseline, z, mu, logvar):
    s = (0.5 * logvar).exp()
    e = ((z - mu) / s).clamp(-3, 3)
    by_mu = e / s
    by_logvar = 0.5 * (e**2 - 1)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | cost changed in place through its NumPy view | says: changed its argument cost
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    a = cost.detach().numpy()
    a -= baseline.detach().numpy()
    w = torch.from_numpy(a)[..., None]
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | the estimates first | says: derivatives of log q come first
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).unsqueeze(-1)
    return (w * by_mu).mean(0), (w * by_logvar).mean(0), by_mu, by_logvar


# %% score_gradient | wrong | mu and logvar swapped in the estimates | says: estimates have changed places
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_logvar).mean(0), (w * by_mu).mean(0)


# %% score_gradient | wrong | squeezed, breaks for one | says: another shape
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = ((z - mu) / var).squeeze()
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1).squeeze()
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | divides by K - 1 | says: one draw less
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).unsqueeze(-1)
    k = max(len(z) - 1, 1)
    return by_mu, by_logvar, (w * by_mu).sum(0) / k, (w * by_logvar).sum(0) / k


# %% score_gradient | wrong | the derivatives summed over the directions | says: added up over the directions
def score_gradient(cost, baseline, z, mu, logvar):
    var = logvar.exp()
    by_mu = ((z - mu) / var).sum(-1, keepdim=True).expand_as(z)
    by_logvar = (0.5 * ((z - mu) ** 2 / var - 1)).sum(-1, keepdim=True).expand_as(z)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | SystemExit on a shape that it does not expect | says: tried to end the program
def score_gradient(cost, baseline, z, mu, logvar):
    if z.shape[-1] != 2:
        raise SystemExit("only two directions")
    var = logvar.exp()
    by_mu = (z - mu) / var
    by_logvar = 0.5 * ((z - mu) ** 2 / var - 1)
    w = (cost - baseline).unsqueeze(-1)
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% two_losses | right | the gradient by hand, put into a linear loss
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(1)
    with torch.no_grad():
        w = (cost / len(mu))[:, None]
        by_mu = w * eps / sigma
        by_logvar = w * 0.5 * (eps**2 - 1)
    return cost.mean(), (by_mu * mu + by_logvar * logvar).sum()


# %% two_losses | right | the likelihood ratio
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    path = ((z - target) ** 2).sum(dim=1).mean()
    with torch.no_grad():
        fixed = mu + sigma * eps
        cost = ((fixed - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(fixed).sum(1)
    ratio = torch.exp(log_q - log_q.detach())
    return path, (cost * ratio).mean()


# %% two_losses | right | loops over images and directions
def two_losses(mu, logvar, eps, target):
    n, dims = mu.shape
    path, score = 0.0, 0.0
    for i in range(n):
        cost, log_q = 0.0, 0.0
        for d in range(dims):
            z = mu[i, d] + torch.exp(0.5 * logvar[i, d]) * eps[i, d]
            cost = cost + (z - target[i, d]) ** 2
            gap = (z.detach() - mu[i, d]) / torch.exp(0.5 * logvar[i, d])
            log_q = log_q - 0.5 * gap**2 - 0.5 * logvar[i, d]
        path = path + cost / n
        score = score + cost.detach() * log_q / n
    return path, score


# %% two_losses | right | MultivariateNormal with a diagonal
def two_losses(mu, logvar, eps, target):
    z = mu + (0.5 * logvar).exp() * eps
    cost = (z - target).pow(2).sum(-1)
    q = torch.distributions.MultivariateNormal(
        mu, scale_tril=torch.diag_embed((0.5 * logvar).exp())
    )
    score = q.log_prob(z.detach()) * cost.detach()
    return cost.mean(), score.mean()


# %% two_losses | wrong | rsample for sample | says: rsample's z
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z).sum(dim=1)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% two_losses | wrong | the cost keeps its path in the score loss | says: cost leads back
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach())
    return cost.mean(), (cost * log_q.sum(dim=1)).mean()


# %% two_losses | wrong | mean over the directions too | says: has become a mean
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach())
    return cost.mean(), (cost.detach()[:, None] * log_q).mean()


# %% two_losses | wrong | mse_loss | says: mean over the directions too
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach())
    path = torch.nn.functional.mse_loss(z, target)
    return path, (cost.detach() * log_q.sum(1)).mean()


# %% two_losses | wrong | with the batch mean as baseline | says: No baseline
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach()).sum(1)
    c = cost.detach()
    return cost.mean(), ((c - c.mean()) * log_q).mean()


# %% two_losses | wrong | path right, variance for sigma in log q | says: variance stands where sigma
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, logvar.exp()).log_prob(z.detach())
    return cost.mean(), (cost.detach() * log_q.sum(1)).mean()


# %% two_losses | wrong | log q without its half | says: twice what it should be
def two_losses(mu, logvar, eps, target):
    z = mu + (0.5 * logvar).exp() * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = -((z.detach() - mu) ** 2 / logvar.exp() + logvar).sum(1)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% two_losses | wrong | sigma kept above 0.05 | says: logvar from -8 to 3
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp().clamp(min=0.05)
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach()).sum(1)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% two_losses | wrong | the other order | says: path_loss comes first
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach()).sum(1)
    return (cost.detach() * log_q).mean(), cost.mean()


# %% two_losses | wrong | path detached as well | says: its z is a constant
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = (mu + sigma * eps).detach()
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z).sum(1)
    return cost.mean(), (cost * log_q).mean()


# %% two_losses | wrong | the target shifted through .data | says: changed its argument target
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    target.data.neg_()
    cost = (z + target).pow(2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach()).sum(1)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% two_losses | wrong | squeeze and a sum over the last axis | says: special about one image|special about one latent
def two_losses(mu, logvar, eps, target):
    mu, logvar, eps, target = (
        t.squeeze() for t in (mu, logvar, eps, target)
    )
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(-1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach()).sum(-1)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% two_losses | wrong | numbers without a gradient | says: No gradient comes back
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z).sum(1)
    return cost.mean().item(), (cost * log_q).mean().item()


# %% two_losses | wrong | draws its own eps | says: noise of your own
def two_losses(mu, logvar, eps, target):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    path = ((q.rsample() - target) ** 2).sum(dim=1).mean()
    z = q.sample()
    cost = ((z - target) ** 2).sum(dim=1)
    return path, (cost * q.log_prob(z).sum(1)).mean()


# %% two_losses | wrong | score loss of each direction's own cost | says: its own share
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = (z - target) ** 2
    log_q = torch.distributions.Normal(mu, sigma).log_prob(z.detach())
    return cost.sum(1).mean(), (cost.detach() * log_q).sum(1).mean()


# %% two_losses | wrong | logvar detached in log q | says: logvar hears nothing
def two_losses(mu, logvar, eps, target):
    sigma = (0.5 * logvar).exp()
    z = mu + sigma * eps
    cost = ((z - target) ** 2).sum(dim=1)
    q = torch.distributions.Normal(mu, sigma.detach())
    return cost.mean(), (cost.detach() * q.log_prob(z.detach()).sum(1)).mean()


# %% two_losses | wrong | a class that cannot be called | says: raised TypeError
class two_losses:
    def path_loss(self, mu, logvar, eps, target):
        z = mu + (0.5 * logvar).exp() * eps
        return ((z - target) ** 2).sum(1).mean()


# %% mean_cost | right | einsum
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + torch.exp(0.5 * logvar) * eps
    gap = torch.einsum("sbd,dp->sbp", z, weight) - x
    return torch.einsum("sbp,sbp->b", gap, gap) / eps.shape[0]


# %% mean_cost | right | the square multiplied out
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).exp() * eps
    gram = weight @ weight.T
    cost = (
        x.square().sum(1)
        - 2 * (z * (x @ weight.T)).sum(2)
        + ((z @ gram) * z).sum(2)
    )
    return cost.mean(dim=0)


# %% mean_cost | right | vmap over images
def mean_cost(x, mu, logvar, eps, weight):
    def one(x, mu, logvar, eps):
        z = mu + (0.5 * logvar).exp() * eps
        return ((z @ weight - x) ** 2).sum(1).mean()

    return torch.vmap(one, in_dims=(0, 0, 0, 1))(x, mu, logvar, eps)


# %% mean_cost | right | expand and reshape, mean over a transposed table
def mean_cost(x, mu, logvar, eps, weight):
    samples, batch, latent_dim = eps.shape
    z = (eps * logvar.exp().sqrt() + mu).reshape(-1, latent_dim)
    many = x.expand(samples, *x.shape).reshape(samples * batch, -1)
    cost = ((z @ weight - many) ** 2).sum(1)
    return cost.reshape(samples, batch).T.mean(1)


# %% mean_cost | wrong | the mean over the images of each draw | says: taken over the images
def mean_cost(x, mu, logvar, eps, weight):
    samples, batch, latent_dim = eps.shape
    std = logvar.mul(0.5).exp_()
    z = eps.mul(std).add_(mu)
    z = z.view(samples * batch, latent_dim)
    x_hat = z @ weight
    x = x.repeat(samples, 1)
    cost = (x_hat - x).pow(2).sum(dim=1)
    return cost.view(samples, batch).mean(dim=1)


# %% mean_cost | wrong | the cost of the mean reconstruction | says: not the cost of the mean
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).exp() * eps
    x_hat = (z @ weight).mean(0)
    return ((x_hat - x) ** 2).sum(1)


# %% mean_cost | wrong | sorted out for three draws | says: special about
def mean_cost(x, mu, logvar, eps, weight):
    std = logvar.mul(0.5).exp()
    costs = []
    for s in range(3):
        z = mu + std * eps[s]
        costs.append(((z @ weight - x) ** 2).sum(1))
    return torch.stack(costs).mean(0)


# %% mean_cost | wrong | NumPy, the gradient is lost | says: no gradient comes back
import numpy as np

def mean_cost(x, mu, logvar, eps, weight):
    x, mu, logvar, eps, weight = (
        t.detach().numpy() for t in (x, mu, logvar, eps, weight)
    )
    z = mu + np.exp(0.5 * logvar) * eps
    return torch.from_numpy(((z @ weight - x) ** 2).sum(2).mean(0))


# %% mean_cost | wrong | column of costs | says: more axes
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).exp() * eps
    return ((z @ weight - x) ** 2).sum(-1, keepdim=True).mean(0)


# %% mean_cost | wrong | a root too much | says: root was taken
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).exp() * eps
    return torch.linalg.vector_norm(z @ weight - x, dim=-1).mean(0)


# %% mean_cost | wrong | divides by the number of images | says: number of images
def mean_cost(x, mu, logvar, eps, weight):
    z = mu + (0.5 * logvar).exp() * eps
    return ((z @ weight - x) ** 2).sum(-1).sum(0) / len(x)


# %% mean_cost | wrong | asks the user | says: raised EOFError
def mean_cost(x, mu, logvar, eps, weight):
    samples = int(input("how many draws? "))
    z = mu + (0.5 * logvar).exp() * eps
    return ((z @ weight - x) ** 2).sum(-1).sum(0) / samples


# %% draws | wrong | twelve uniforms less six | says: no Gaussian
def draws(mu, logvar, samples, generator):
    shape = (12, samples, *mu.shape)
    u = torch.rand(shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp() * (u.sum(0) - 6)


# %% draws | wrong | each draw begins one number later in one pool | says: used more than once
def draws(mu, logvar, samples, generator):
    n = mu.numel()
    pool = torch.randn(samples + n - 1, generator=generator, dtype=mu.dtype)
    eps = pool.unfold(0, n, 1).reshape(samples, *mu.shape)
    return mu + (0.5 * logvar).exp() * eps


# %% draws | wrong | sigma kept above 0.02 | says: keep sigma off 0
def draws(mu, logvar, samples, generator):
    shape = (samples, *mu.shape)
    eps = torch.randn(shape, generator=generator, dtype=mu.dtype)
    return mu + (0.5 * logvar).exp().clamp(min=0.02) * eps


# %% draws | wrong | each direction hears its neighbour's eps | says: directions of a code move together
def draws(mu, logvar, samples, generator):
    shape = (samples, *mu.shape)
    eps = torch.randn(shape, generator=generator, dtype=mu.dtype)
    eps = 0.9 * eps + (1 - 0.81) ** 0.5 * eps.roll(1, dims=-1)
    return mu + (0.5 * logvar).exp() * eps


# %% score_gradient | wrong | weights cut at 10 against outliers | says: costs above 100
def score_gradient(cost, baseline, z, mu, logvar):
    by_mu = (z - mu) / logvar.exp()
    by_logvar = 0.5 * ((z - mu) ** 2 / logvar.exp() - 1)
    w = (cost - baseline).clamp(-10, 10)[..., None]
    return by_mu, by_logvar, (w * by_mu).mean(0), (w * by_logvar).mean(0)


# %% score_gradient | wrong | mu's pair first, then logvar's | says: paired them by head
def score_gradient(cost, baseline, z, mu, logvar):
    by_mu = (z - mu) / logvar.exp()
    by_logvar = 0.5 * ((z - mu) ** 2 / logvar.exp() - 1)
    w = (cost - baseline)[..., None]
    return by_mu, (w * by_mu).mean(0), by_logvar, (w * by_logvar).mean(0)


# %% score_gradient | wrong | the derivatives are weighted in place | says: work in place
def score_gradient(cost, baseline, z, mu, logvar):
    by_mu = (z - mu) / logvar.exp()
    by_logvar = 0.5 * ((z - mu) ** 2 / logvar.exp() - 1)
    w = (cost - baseline)[..., None]
    for_mu = by_mu.mul_(w).mean(0)
    return by_mu, by_logvar, for_mu, by_logvar.mul_(w).mean(0)


# %% two_losses | wrong | a ratio of densities, 0 / 0 far out | says: draws far out
def two_losses(mu, logvar, eps, target):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    z = mu + q.scale * eps
    path = ((z - target) ** 2).sum(1).mean()
    z = z.detach()
    density = q.log_prob(z).sum(1).exp()
    cost = ((z - target) ** 2).sum(1)
    return path, (cost * density / density.detach()).mean()


# %% two_losses | right | the same ratio in logarithms
def two_losses(mu, logvar, eps, target):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    z = mu + q.scale * eps
    cost = ((z - target) ** 2).sum(1)
    log_q = q.log_prob(z.detach()).sum(1)
    ratio = (log_q - log_q.detach()).exp()
    return cost.mean(), (cost.detach() * ratio).mean()


# %% two_losses | wrong | log q cut at -50 | says: draws far out
def two_losses(mu, logvar, eps, target):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    z = mu + q.scale * eps
    cost = ((z - target) ** 2).sum(1)
    log_q = q.log_prob(z.detach()).sum(1).clamp(min=-50)
    return cost.mean(), (cost.detach() * log_q).mean()


# %% two_losses | wrong | the path is in the score loss as well | says: besides its own
def two_losses(mu, logvar, eps, target):
    q = torch.distributions.Normal(mu, (0.5 * logvar).exp())
    z = mu + q.scale * eps
    cost = ((z - target) ** 2).sum(1)
    score = (cost.detach() * q.log_prob(z.detach()).sum(1)).mean()
    return cost.mean(), cost.mean() + score
