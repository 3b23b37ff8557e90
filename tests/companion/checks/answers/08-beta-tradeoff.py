# %% copied_numbers | right | a NumPy number
import numpy as np

prediction = np.int64(6)

# %% copied_numbers | right | a tensor
prediction = torch.tensor(6)

# %% copied_numbers | wrong | a text | says: a count
prediction = "6"

# %% copied_numbers | wrong | no whole number | says: whole number
prediction = 6.5

# %% copied_numbers | wrong | another count | says: Not what comes out
prediction = 3

# %% copied_numbers | wrong | a list | says: a count
prediction = [6]

# %% hidden_beta | right | two tables of ones
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(way, size):
        ones = torch.ones(batch, size).double()
        reduced = {"image": ones.sum(1).mean(), "mean": ones.mean(), "sum": ones.sum()}
        return reduced[way] / ones.sum(1).mean()

    return weight(kl, latent_dim) / weight(reconstruction, pixels)

# %% hidden_beta | right | fractions
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    from fractions import Fraction

    on = {"image": Fraction(1), "sum": Fraction(batch)}
    a = on.get(reconstruction, Fraction(1, pixels))
    return on.get(kl, Fraction(1, latent_dim)) / a

# %% hidden_beta | right | NumPy
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    import numpy as np

    ways = ["image", "mean", "sum"]
    a = np.array([1, 1 / pixels, batch])[ways.index(reconstruction)]
    return np.array([1, 1 / latent_dim, batch])[ways.index(kl)] / a

# %% hidden_beta | wrong | a whole number divided | says: .
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    on = {"image": 1, "sum": batch}
    top = on.get(kl, 1) * (pixels if reconstruction == "mean" else 1)
    low = on.get(reconstruction, 1) * (latent_dim if kl == "mean" else 1)
    return top // low

# %% hidden_beta | wrong | mean divides by the batch | says: divide by the batch alone
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    f = {"image": 1, "mean": 1 / batch, "sum": batch}
    return f[kl] / f[reconstruction]

# %% hidden_beta | wrong | sum grows with the size | says: grow with the size
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    f = lambda w, n: {"image": 1, "mean": 1 / n, "sum": n * batch}[w]
    return f(kl, latent_dim) / f(reconstruction, pixels)

# %% hidden_beta | wrong | image divides by the batch | says: "image" divide by the batch
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    f = lambda w, n: {"image": 1 / batch, "mean": 1 / n, "sum": batch}[w]
    return f(kl, latent_dim) / f(reconstruction, pixels)

# %% hidden_beta | wrong | the KL left out | says: reduction of the KL out
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    return 1 / {"image": 1, "mean": 1 / pixels, "sum": batch}[reconstruction]

# %% hidden_beta | wrong | the chapter alone | says: .
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    return 784

# %% hidden_beta | wrong | a table without "sum" | says: raised KeyError
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    f = lambda w, n: {"image": 1, "mean": 1 / n}[w]
    return f(kl, latent_dim) / f(reconstruction, pixels)

# %% price_range | right | a tensor of two
def price_range(rate, distortion, i):
    r, d = rate.double(), distortion.double()
    price = (d[i] - d) / (r - r[i])
    low = price[r > r[i]].clamp(min=0)
    high = price[r < r[i]]
    inf = torch.tensor(float("inf")).double()
    return torch.stack(
        [low.max() if len(low) else 0 * inf.nan_to_num(), high.min() if len(high) else inf]
    )

# %% price_range | right | a list, by NumPy
def price_range(rate, distortion, i):
    import numpy as np

    r, d = rate.numpy().astype(float), distortion.numpy().astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        price = (d[i] - d) / (r - r[i])
    return [max([0.0, *price[r > r[i]]]), min([np.inf, *price[r < r[i]]])]

# %% price_range | wrong | below 0 | says: no rival beyond it
def price_range(rate, distortion, i):
    low, high = -float("inf"), float("inf")
    for r, d in zip(rate.tolist(), distortion.tolist()):
        if r > rate[i]:
            low = max(low, float((distortion[i] - d) / (r - rate[i])))
        if r < rate[i]:
            high = min(high, float((d - distortion[i]) / (rate[i] - r)))
    return low, high

# %% price_range | wrong | None for no end | says: real numbers|None
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for r, d in zip(rate.tolist(), distortion.tolist()):
        if r > rate[i]:
            low = max(low, float((distortion[i] - d) / (r - rate[i])))
        if r < rate[i]:
            high = min(high, float((d - distortion[i]) / (rate[i] - r)))
    return low, None if high == float("inf") else high

# %% price_range | wrong | nan where never the best | says: empty in another way
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for r, d in zip(rate.tolist(), distortion.tolist()):
        if r > rate[i]:
            low = max(low, float((distortion[i] - d) / (r - rate[i])))
        if r < rate[i]:
            high = min(high, float((d - distortion[i]) / (rate[i] - r)))
    if low > high:
        return float("nan"), float("nan")
    return low, high

# %% price_range | wrong | one price | says: tuple of 2
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for r, d in zip(rate.tolist(), distortion.tolist()):
        if r > rate[i]:
            low = max(low, float((distortion[i] - d) / (r - rate[i])))
        if r < rate[i]:
            high = min(high, float((d - distortion[i]) / (rate[i] - r)))
    return high

# %% price_range | wrong | a rate changed in place | says: changed its argument rate
def price_range(rate, distortion, i):
    rate -= rate[i].clone()
    low, high = 0.0, float("inf")
    for r, d in zip(rate.tolist(), distortion.tolist()):
        if r > rate[i]:
            low = max(low, float((distortion[i] - d) / (r - rate[i])))
        if r < rate[i]:
            high = min(high, float((d - distortion[i]) / (rate[i] - r)))
    return low, high

# %% price_range | wrong | first and last only | says: first and the last
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for r, d in [
        (rate[j].item(), distortion[j].item())
        for j in (rate.argmin(), rate.argmax())
    ]:
        if r > rate[i]:
            low = max(low, float((distortion[i] - d) / (r - rate[i])))
        if r < rate[i]:
            high = min(high, float((d - distortion[i]) / (rate[i] - r)))
    return low, high

# %% warm_up | right | a comparison and a line
def warm_up(step, beta, hold, rise):
    return beta * (step >= hold) if rise == 0 else beta * min(1, max(0, (step - hold) / rise))

# %% warm_up | right | NumPy
def warm_up(step, beta, hold, rise):
    import numpy as np

    if rise == 0:
        return np.float32(beta if step >= hold else 0)
    return np.interp(step, [hold, hold + rise], [0, beta])

# %% warm_up | right | a tensor
def warm_up(step, beta, hold, rise):
    share = torch.tensor((step - hold) / rise if rise else float(step >= hold))
    return beta * share.clamp(0, 1)

# %% warm_up | right | step by step
def warm_up(step, beta, hold, rise):
    value = 0.0
    for each in range(hold + 1, step + 1):
        value = min(beta, value + beta / max(rise, 1))
    return beta if step >= hold + rise else value

# %% warm_up | wrong | 0 at the first step of none | says: a rise of 0 steps
def warm_up(step, beta, hold, rise):
    return 0 if step <= hold else min(beta, beta * (step - hold) / max(rise, 1))

# %% warm_up | wrong | half a cosine | says: half a cosine
def warm_up(step, beta, hold, rise):
    s = min(1, max(0, step - hold) / rise) if rise else float(step >= hold)
    return beta * 0.5 * (1 - math.cos(math.pi * s))

# %% warm_up | wrong | cycles | says: starts again
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0.0
    return beta * ((step - hold) % rise) / rise if rise else beta

# %% warm_up | wrong | a jump | says: jumps from 0 to beta
def warm_up(step, beta, hold, rise):
    return 0.0 if step < hold else beta

# %% warm_up | wrong | one step too many | says: one step too many
def warm_up(step, beta, hold, rise):
    s = (step - hold) / (rise + 1)
    return beta * min(1, max(0, s)) if rise else beta * (step >= hold)

# %% warm_up | wrong | one step too few | says: one step too few
def warm_up(step, beta, hold, rise):
    s = (step - hold) / max(rise - 1, 1)
    return beta * min(1, max(0, s)) if rise else beta * (step >= hold)

# %% warm_up | wrong | falls | says: falls
def warm_up(step, beta, hold, rise):
    s = min(1, max(0, step - hold) / max(rise, 1))
    return beta * (1 - s)

# %% warm_up | wrong | hold and rise together | says: hold and rise together
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0.0
    return min(beta, beta * (step - hold) / max(hold + rise, 1))

# %% warm_up | wrong | nothing after the rise | says: returned nothing|Does every way
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0.0
    if step < hold + rise:
        return beta * (step - hold) / rise

# %% warm_up_log | right | capitals
second_prediction = {"KL": "Higher", "logged loss": "LOWER", "D + R": " higher "}

# %% warm_up_log | wrong | up for higher | says: should be one of
second_prediction = {"KL": "up", "logged loss": "lower", "D + R": "higher"}

# %% warm_up_log | wrong | a key left out | says: with the keys
second_prediction = {"KL": "higher", "logged loss": "lower"}

# %% information_gap | right | the package
def information_gap(mu, factors):
    return evaluation.mutual_information_gap(mu, factors).per_factor

# %% information_gap | right | a list, cells by histogram edges
def information_gap(mu, factors):
    import numpy as np

    def cells(column):
        edges = np.linspace(column.min(), column.max(), 21)
        return torch.from_numpy(np.digitize(column, edges[1:-1]))

    columns = [cells(each) for each in mu.double().numpy().T]
    gaps = []
    for level in factors.T:
        told = sorted(max(0.0, float(information(c, level))) for c in columns)
        gaps.append((told[-1] - told[-2]) / float(information(level, level)))
    return gaps

# %% information_gap | wrong | the largest not kept in its cell | says: .
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell, level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        gaps.append((best - second) / information(level, level))
    return torch.stack(gaps)

# %% information_gap | wrong | ten cells | says: into 10 cells
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 10).long()
            told.append(information(cell.clamp(max=9), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        gaps.append((best - second) / information(level, level))
    return torch.stack(gaps)

# %% information_gap | wrong | the best less the worst | says: held against the worst
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.max(), told.min()
        gaps.append((best - second) / information(level, level))
    return torch.stack(gaps)

# %% information_gap | wrong | the best less the mean of all | says: itself among them
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.max(), told.mean()
        gaps.append((best - second) / information(level, level))
    return torch.stack(gaps)

# %% information_gap | wrong | nothing taken off | says: leaves no gap
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        gaps.append(best / information(level, level))
    return torch.stack(gaps)

# %% information_gap | wrong | divided by the number of levels | says: number of levels
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        gaps.append((best - second) / (level.max() + 1))
    return torch.stack(gaps)

# %% information_gap | wrong | an entropy of its own | says: counted in another way
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        p = level.bincount() / len(level)
        gaps.append((best - second) / torch.special.entr(p.double()).sum())
    return torch.stack(gaps)

# %% information_gap | wrong | second less best | says: signs are turned
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        gaps.append((second - best) / information(level, level))
    return torch.stack(gaps)

# %% information_gap | wrong | the latents moved in place | says: changed its argument mu
def information_gap(mu, factors):
    mu -= mu.mean(dim=0)
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best, second = told.topk(2).values
        gaps.append((best - second) / information(level, level))
    return torch.stack(gaps)
