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


# %% score_gradient | wrong | the term without z left out in the score alone | says: derivative of log q in logvar
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
