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

# %% copied_numbers | wrong | as many as with one copy | says: You kept the count
prediction = 1

# %% copied_numbers | wrong | every kept one counted twice | says: gave each copy latents of its own
prediction = 12

# %% copied_numbers | wrong | the ten directions all | says: direction grow fourfold, or the price vanish
prediction = 10

# %% copied_numbers | wrong | twice as many as before | says: You doubled the count
prediction = 2

# %% copied_numbers | wrong | twenty, as many as there are numbers | says: You counted the numbers in x
prediction = 20

# %% copied_numbers | right | a float that is whole
prediction = 6.0

# %% copied_numbers | right | a tensor out of the rule
prediction = (2 * torch.tensor([5.1, 3.7, 3.2, 2.8, 2.6, 2.3, 1.7, 1.5, 1.4, 1.2]) > 4).sum()

# %% copied_numbers | right | a Python count
prediction = sum(2 * v > 4 for v in (5.1, 3.7, 3.2, 2.8, 2.6, 2.3, 1.7, 1.5, 1.4, 1.2))

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

# %% hidden_beta | wrong | the ratio upside down | says: nat of reconstruction, in nats of KL
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": batch}[name]
    return weight(reconstruction, pixels) / weight(kl, latent_dim)

# %% hidden_beta | wrong | pixels and latents swapped | says: places: each table has its own size
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": batch}[name]
    return weight(kl, pixels) / weight(reconstruction, latent_dim)

# %% hidden_beta | wrong | the batch left out of sum | says: let "sum" be what the course does
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": 1}[name]
    return weight(kl, latent_dim) / weight(reconstruction, pixels)

# %% hidden_beta | wrong | mean also divided by the batch | says: "mean" divide by the batch once more
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / (size * batch), "sum": batch}[name]
    return weight(kl, latent_dim) / weight(reconstruction, pixels)

# %% hidden_beta | wrong | image counted as a sum over the batch | says: Your beta is a whole number
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    number = {"image": batch, "mean": pixels * batch, "sum": 1}
    numbers = {"image": batch, "mean": latent_dim * batch, "sum": 1}
    return number[reconstruction] // numbers[kl]

# %% hidden_beta | wrong | rounded to four places | says: special about "sum" beside "image"
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": batch}[name]
    return round(weight(kl, latent_dim) / weight(reconstruction, pixels), 4)

# %% hidden_beta | wrong | 784 written out | says: special about "mean" beside "image"
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    w = {"image": 1, "mean": 784, "sum": 1 / batch}[reconstruction]
    return w * {"image": 1, "mean": 1 / latent_dim, "sum": batch}[kl]

# %% hidden_beta | wrong | the batch of the cell, 128 | says: special about "image" beside "sum"
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch=128):
    batch = 128
    w = {"image": 1, "mean": pixels, "sum": 1 / batch}[reconstruction]
    return w * {"image": 1, "mean": 1 / latent_dim, "sum": batch}[kl]

# %% hidden_beta | wrong | only the weight of the KL | says: terms may be reduced in different ways
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    return {"image": 1, "mean": 1 / latent_dim, "sum": batch}[kl]

# %% hidden_beta | wrong | the product of the two weights | says: You multiplied the two factors
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": batch}[name]
    return weight(kl, latent_dim) * weight(reconstruction, pixels)

# %% hidden_beta | wrong | mean for the batch alone | says: let "mean" be what the course does
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    weights = {"image": 1, "mean": 1, "sum": batch}
    return weights[kl] / weights[reconstruction]

# %% hidden_beta | wrong | a string | says: hidden_beta should return numbers
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": batch}[name]
    return f"{weight(kl, latent_dim) / weight(reconstruction, pixels):.5g}"

# %% hidden_beta | wrong | the same name on both sides is always 1 | says: You let equal names cancel
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    if reconstruction == kl:
        return 1.0
    def weight(name, size):
        return {"image": 1, "mean": 1 / size, "sum": batch}[name]
    return weight(kl, latent_dim) / weight(reconstruction, pixels)

# %% hidden_beta | wrong | both by sum leaves the batch in | says: special about "mean" beside "sum"
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    beta = 1.0
    if reconstruction == "mean":
        beta *= pixels
    elif reconstruction == "sum":
        beta /= batch
    elif kl == "sum":
        beta *= batch
    if kl == "mean":
        beta /= latent_dim
    return beta

# %% hidden_beta | wrong | asks the user | says: raised
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    return float(input("beta? "))

# %% hidden_beta | right | if and elif
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    beta = 1
    if reconstruction == "mean":
        beta = beta * pixels
    elif reconstruction == "sum":
        beta = beta / batch
    if kl == "mean":
        beta = beta / latent_dim
    elif kl == "sum":
        beta = beta * batch
    return beta

# %% hidden_beta | right | tables of ones, reduced as the script does
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    ways = {"image": lambda t: t.sum(dim=1).mean(), "mean": lambda t: t.mean(), "sum": lambda t: t.sum()}
    D, R = torch.ones(batch, pixels).double(), torch.ones(batch, latent_dim).double()
    a = ways[reconstruction](D) / ways["image"](D)
    b = ways[kl](R) / ways["image"](R)
    return b / a

# %% hidden_beta | right | tables of ones in float32
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    ways = {"image": lambda t: t.sum(dim=1).mean(), "mean": torch.mean, "sum": torch.sum}
    D, R = torch.ones(batch, pixels), torch.ones(batch, latent_dim)
    return (ways[kl](R) / R.sum(1).mean() / (ways[reconstruction](D) / D.sum(1).mean())).item()

# %% hidden_beta | right | match
def weight_of(name, size, batch):
    match name:
        case "image":
            return 1.0
        case "mean":
            return 1.0 / size
        case "sum":
            return float(batch)
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    return weight_of(name=kl, size=latent_dim, batch=batch) / weight_of(reconstruction, pixels, batch)

# %% hidden_beta | right | by the gradient of the loss
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    how = {"image": lambda t: t.sum(dim=1).mean(), "mean": lambda t: t.mean(), "sum": lambda t: t.sum()}
    D = torch.zeros(batch, pixels, dtype=torch.float64, requires_grad=True)
    R = torch.zeros(batch, latent_dim, dtype=torch.float64, requires_grad=True)
    (how[reconstruction](D) + how[kl](R)).backward()
    return R.grad[0, 0] / D.grad[0, 0]

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

# %% price_range | wrong | the weakest limit from below | says: weakest of the limits
def price_range(rate, distortion, i):
    low, high = [0.0], [float("inf")]
    for j in range(len(rate)):
        if j != i:
            price = float((distortion[i] - distortion[j]) / (rate[j] - rate[i]))
            (low if rate[j] > rate[i] else high).append(price)
    return min(low), min(high)

# %% price_range | wrong | the weakest limit from above | says: the rival that is easiest to beat
def price_range(rate, distortion, i):
    low, high = 0.0, []
    for j in range(len(rate)):
        if j == i:
            continue
        price = float((distortion[i] - distortion[j]) / (rate[j] - rate[i]))
        if rate[j] > rate[i]:
            low = max(low, price)
        else:
            high.append(price)
    return low, max(high) if high else float("inf")

# %% price_range | wrong | neighbours in the given order | says: first that is not
def price_range(rate, distortion, i):
    slope = lambda j: float((distortion[i] - distortion[j]) / (rate[j] - rate[i]))
    low = max(0.0, slope(i - 1)) if i > 0 else 0.0
    high = slope(i + 1) if i + 1 < len(rate) else float("inf")
    return low, high

# %% price_range | wrong | neighbours by rate only | says: with its neighbours on the curve only
def price_range(rate, distortion, i):
    order = rate.argsort().tolist()
    at = order.index(i)
    slope = lambda j: float((distortion[i] - distortion[j]) / (rate[j] - rate[i]))
    low = max(0.0, slope(order[at + 1])) if at + 1 < len(order) else 0.0
    high = slope(order[at - 1]) if at > 0 else float("inf")
    return low, high

# %% price_range | wrong | highest first | says: places: first the lowest, then the highest
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for r, d in zip(rate.tolist(), distortion.tolist()):
        if r > rate[i]:
            low = max(low, (distortion[i].item() - d) / (r - rate[i].item()))
        elif r < rate[i]:
            high = min(high, (distortion[i].item() - d) / (r - rate[i].item()))
    return high, low

# %% price_range | wrong | highest price never below 0 | says: Your highest price stops at 0
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for j in range(len(rate)):
        if rate[j] > rate[i]:
            low = max(low, float((distortion[i] - distortion[j]) / (rate[j] - rate[i])))
        if rate[j] < rate[i]:
            high = min(high, float((distortion[i] - distortion[j]) / (rate[j] - rate[i])))
    return low, max(high, 0.0)

# %% price_range | wrong | lowest price may fall below 0 | says: higher rate has a higher distortion too
def price_range(rate, distortion, i):
    slopes = (distortion[i] - distortion) / (rate - rate[i])
    lows, highs = slopes[rate > rate[i]], slopes[rate < rate[i]]
    low = float(lows.max()) if len(lows) else 0.0
    high = float(highs.min()) if len(highs) else float("inf")
    return low, high

# %% price_range | wrong | infinite where no run has a higher rate | says: special about a run without rivals
def price_range(rate, distortion, i):
    slopes = (distortion[i] - distortion) / (rate - rate[i])
    lows, highs = slopes[rate > rate[i]], slopes[rate < rate[i]]
    low = max(0.0, float(lows.max())) if len(lows) else float("inf")
    high = float(highs.min()) if len(highs) else 0.0
    return low, high

# %% price_range | wrong | sorted, so that the range is never empty | says: You sorted the two prices
def price_range(rate, distortion, i):
    slopes = (distortion[i] - distortion) / (rate - rate[i])
    low = max([0.0] + slopes[rate > rate[i]].tolist())
    high = min([float("inf")] + slopes[rate < rate[i]].tolist())
    return tuple(sorted([low, high]))

# %% price_range | wrong | None for a run that is never the best | says: price_range returned nothing in one case
def price_range(rate, distortion, i):
    slopes = (distortion[i] - distortion) / (rate - rate[i])
    low = max([0.0] + slopes[rate > rate[i]].tolist())
    high = min([float("inf")] + slopes[rate < rate[i]].tolist())
    return (low, high) if low <= high else None

# %% price_range | wrong | a grid of prices | says: special about the first of two runs
def price_range(rate, distortion, i):
    prices = torch.linspace(0, 100, 10001).double()
    bills = distortion + prices[:, None] * rate
    best = prices[bills.argmin(dim=1) == i]
    if len(best) == 0:
        return float("inf"), 0.0
    high = float(best.max())
    return float(best.min()), float("inf") if high == 100 else high

# %% price_range | wrong | the caller's distortion is marked, on a view | says: changed its argument distortio
def price_range(rate, distortion, i):
    mine = distortion[i].item()
    view = distortion.view(-1)
    view[i] = float("nan")
    low, high = 0.0, float("inf")
    for j in range(len(rate)):
        if j == i:
            continue
        price = float((mine - distortion[j]) / (rate[j] - rate[i]))
        if rate[j] > rate[i]:
            low = max(low, price)
        else:
            high = min(high, price)
    return low, high

# %% price_range | wrong | sign of the slope | says: a price is what a nat costs
def price_range(rate, distortion, i):
    slopes = (distortion - distortion[i]) / (rate - rate[i])
    low = max([0.0] + slopes[rate > rate[i]].tolist())
    high = min([float("inf")] + slopes[rate < rate[i]].tolist())
    return low, high

# %% price_range | wrong | rate over distortion | says: You divided the rate by the distortion
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for j in range(len(rate)):
        if rate[j] > rate[i]:
            low = max(low, float((rate[j] - rate[i]) / (distortion[i] - distortion[j])))
        if rate[j] < rate[i]:
            high = min(high, float((rate[j] - rate[i]) / (distortion[i] - distortion[j])))
    return low, high

# %% price_range | wrong | sides swapped: higher rates limit from above | says: wins when a nat is dear enough
def price_range(rate, distortion, i):
    slopes = (distortion[i] - distortion) / (rate - rate[i])
    low = max([0.0] + slopes[rate < rate[i]].tolist())
    high = min([float("inf")] + slopes[rate > rate[i]].tolist())
    return low, high

# %% price_range | wrong | absolute slopes | says: You took the slopes without their sign
def price_range(rate, distortion, i):
    low, high = 0.0, float("inf")
    for j in range(len(rate)):
        if j == i:
            continue
        price = abs(float((distortion[i] - distortion[j]) / (rate[j] - rate[i])))
        if rate[j] > rate[i]:
            low = max(low, price)
        else:
            high = min(high, price)
    return low, high

# %% price_range | right | masks, tensors go out
def price_range(rate, distortion, i):
    slopes = (distortion[i] - distortion) / (rate - rate[i])
    low = torch.cat([slopes[rate > rate[i]], torch.zeros(1, dtype=rate.dtype)]).max()
    high = torch.cat([slopes[rate < rate[i]], torch.full((1,), math.inf, dtype=rate.dtype)]).min()
    return low, high

# %% price_range | right | one tensor of two numbers
def price_range(rate, distortion, i):
    gain, cost = distortion[i] - distortion, rate - rate[i]
    low = torch.where(cost > 0, gain / cost, torch.zeros_like(cost)).clamp(min=0).max()
    high = torch.where(cost < 0, gain / cost, torch.full_like(cost, torch.inf)).min()
    return torch.stack([low, high])

# %% price_range | right | max and min with a default
def price_range(rate, distortion, i):
    points = list(zip(rate.tolist(), distortion.tolist()))
    R, D = points[i]
    low = max((( D - d) / (r - R) for r, d in points if r > R), default=0)
    high = min(((d - D) / (R - r) for r, d in points if r < R), default=float("inf"))
    return max(low, 0), high

# %% price_range | right | sorted first, float64 inside
def limit(a, b):
    """The price at which two runs cost the same."""
    return (a[1] - b[1]) / (b[0] - a[0])
def price_range(rate, distortion, i):
    me = (rate[i].double().item(), distortion[i].double().item())
    runs = sorted(zip(rate.double().tolist(), distortion.double().tolist()))
    at = runs.index(me)
    low = max([0.0] + [limit(a=me, b=other) for other in runs[at + 1 :]])
    high = min([float("inf")] + [limit(a=me, b=other) for other in runs[:at]])
    return low, high

# %% price_range | right | NumPy scalars and -0.0 allowed
import numpy as np
def price_range(rate, distortion, i):
    low, high = np.float64(-0.0), np.float64("inf")
    for r, d in zip(rate, distortion):
        step = float(r) - float(rate[i])
        if step:
            price = (float(distortion[i]) - float(d)) / step
            low, high = (np.maximum(low, price), high) if step > 0 else (low, np.minimum(high, price))
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

# %% warm_up | wrong | one step ahead | says: `hold` it should still be at 0
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0.0
    if step >= hold + rise:
        return beta
    return beta * (step - hold + 1) / rise

# %% warm_up | wrong | a rise of 0 divides by 0 | says: special about a rise of 0 steps
def warm_up(step, beta, hold, rise):
    return beta * min(1.0, max(0.0, (step - hold) / rise))

# %% warm_up | wrong | no end of the rise | says: Your weight never stops rising
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0
    if rise == 0:
        return beta
    return beta * (step - hold) / rise

# %% warm_up | wrong | below 0 during the hold | says: weight is below 0 during the hold
def warm_up(step, beta, hold, rise):
    if rise == 0:
        return beta if step >= hold else 0.0
    return beta * min(1.0, (step - hold) / rise)

# %% warm_up | wrong | the hold counted into the rise | says: the hold is over the weight jumps
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0.0
    if hold + rise == 0:
        return beta
    return beta * min(1.0, step / (hold + rise)) if rise else beta

# %% warm_up | wrong | the hold belongs to the rise | says: Your line reaches beta at step `rise`
def warm_up(step, beta, hold, rise):
    if step <= hold and rise > 0:
        return 0.0
    if step >= rise:
        return beta
    return beta * (step - hold) / (rise - hold)

# %% warm_up | wrong | beta forgotten | says: Your line ends at 1
def warm_up(step, beta, hold, rise):
    if step >= hold + rise:
        return 1.0
    return max(0.0, (step - hold) / rise)

# %% warm_up | wrong | never above 1 | says: You cut the weight at 1
def warm_up(step, beta, hold, rise):
    if step >= hold + rise:
        return min(1.0, beta)
    return min(1.0, beta * max(0.0, (step - hold) / rise))

# %% warm_up | wrong | slope 1 / rise up to beta | says: a rise to 1, cut at beta
def warm_up(step, beta, hold, rise):
    if step < hold:
        return 0.0
    if rise == 0:
        return beta
    return min(beta, (step - hold) / rise)

# %% warm_up | wrong | whole-number division | says: is rounded down to a whole number
def warm_up(step, beta, hold, rise):
    if step >= hold + rise:
        return beta
    return max(0, beta * (step - hold) // rise)

# %% warm_up | wrong | cyclical, as in a paper | says: special about the end
def warm_up(step, beta, hold, rise):
    period = hold + rise + 1
    step = step % period
    if step >= hold + rise:
        return beta
    return beta * max(0.0, (step - hold) / rise)

# %% warm_up | wrong | rounded | says: special about the rise
def warm_up(step, beta, hold, rise):
    if step >= hold + rise:
        return beta
    return round(beta * max(0.0, (step - hold) / rise), 2)

# %% warm_up | wrong | the list of all weights | says: special about the first step
def warm_up(step, beta, hold, rise):
    return [0.0] * hold + [beta * s / max(rise, 1) for s in range(rise)] + [beta]

# %% warm_up | wrong | a generator | says: tensor or plain; it returned a generator
def warm_up(step, beta, hold, rise):
    for s in range(hold):
        yield 0.0
    for s in range(rise):
        yield beta * s / rise
    while True:
        yield beta

# %% warm_up | right | min and max with an infinite share
def warm_up(step, beta, hold, rise):
    past = step - hold
    share = past / rise if rise else (math.inf if past >= 0 else 0.0)
    return beta * min(1.0, max(0.0, share))

# %% warm_up | right | Fraction
from fractions import Fraction
def warm_up(step, beta, hold, rise):
    if step >= hold + rise:
        return beta
    return Fraction(beta) * max(Fraction(0), Fraction(step - hold, rise or 1))

# %% warm_up | right | the middle of three
def warm_up(step, beta, hold, rise):
    if rise == 0:
        return beta * (step >= hold)
    return sorted([0.0, beta * (step - hold) / rise, float(beta)])[1]

# %% warm_up | right | a tensor in float32
def warm_up(step, beta, hold, rise):
    if rise == 0:
        return torch.tensor(beta if step >= hold else 0.0)
    return torch.clamp(torch.tensor(float(step - hold)) / rise, 0, 1) * beta

# %% warm_up_log | right | capitals
second_prediction = {"KL": "Higher", "logged loss": "LOWER", "D + R": " higher "}

# %% warm_up_log | wrong | up for higher | says: should be one of
second_prediction = {"KL": "up", "logged loss": "lower", "D + R": "higher"}

# %% warm_up_log | wrong | a key left out | says: with the keys
second_prediction = {"KL": "higher", "logged loss": "lower"}

# %% warm_up_log | wrong | all lower | says: expect a smaller KL with the warm-up
second_prediction = {"KL": "lower", "logged loss": "lower", "D + R": "lower"}

# %% warm_up_log | right | dict call and other order
second_prediction = dict([("D + R", "higher"), ("logged loss", "lower"), ("KL", "higher")])

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

# %% information_gap | wrong | the common ruler is left | says: moves little falls into a few cells
def information_gap(mu, factors):
    low, high = mu.min(), mu.max()
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | the mean of the others is left | says: others and not against the second best
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = (told.sum() - best) / (len(told) - 1)
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | bits are left | says: is in bits, beside information in nats
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level) / math.log(2)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | only the ruler mended | says: others and not against the second best
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = (told.sum() - best) / (len(told) - 1)
        entropy = information(level, level) / math.log(2)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | bits on both sides, the wrong way | says: one and the same factor
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level) * math.log(2)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | limits of each image, not of each latent | says: taken over the latents of each picture
def information_gap(mu, factors):
    low, high = mu.amin(dim=1), mu.amax(dim=1)
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | own lowest, common width | says: between its own smallest and largest value
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low = latent.min()
            cell = ((latent - low) / (mu.max() - mu.min()) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | divided by what the cells hold | says: values are not
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(cell.clamp(max=19), cell.clamp(max=19))
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | information below 0 is kept | says: Information below 0 is kept
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | the mean over the factors | says: You return one number
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps).mean()

# %% information_gap | wrong | the clamp at 19 taken out | says: a cell of its own, the 21st
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell, level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | the best twice | says: held against itself: your gap is 0
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[0]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | the second best must differ from the best | says: the best of those that know less
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        below = told[told < best]
        rest = below.max() if len(below) else torch.zeros_like(best)
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | wrong | three factors written out | says: and not of the lengths asked for
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps[:3])

# %% information_gap | wrong | the gap in nats, entropy forgotten | says: there is to know about the factor
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append(best - rest)
    return torch.stack(gaps)

# %% information_gap | wrong | the sum of the others | says: held against the sum of all others
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.sum() - best
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | right | limits outside the loop, sort
def information_gap(mu, factors):
    lows, highs = mu.amin(dim=0), mu.amax(dim=0)
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            at = len(told)
            cell = ((latent - lows[at]) / (highs[at] - lows[at]) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.sort(descending=True).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | right | kthvalue
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.kthvalue(len(told) - 1).values
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | right | mu scaled once, out of place
def information_gap(mu, factors):
    low, high = mu.min(dim=0).values, mu.max(dim=0).values
    cells = ((mu - low) / (high - low) * 20).long().clamp(max=19)
    gaps = []
    for level in factors.T:
        told = []
        for cell in cells.T:
            told.append(information(cell, level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | right | edges and bucketize
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            edges = torch.linspace(latent.min().item(), latent.max().item(), 21, dtype=latent.dtype)
            cell = torch.bucketize(latent, edges[1:-1], right=True)
            told.append(information(cell, level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | right | float64 for the cells
def information_gap(mu, factors):
    mu = mu.double()
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.max()
        rest = told.topk(2).values[1]
        entropy = information(level, level)
        gaps.append((best - rest) / entropy)
    return torch.stack(gaps)

# %% information_gap | right | -diff of the two best
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 20).long()
            told.append(information(cell.clamp(max=19), level))
        told = torch.stack(told).clamp(min=0)
        best = told.topk(2).values
        entropy = information(level, level)
        gaps.append(-best.diff()[0] / entropy)
    return torch.stack(gaps)
# %% information_gap | wrong | cells rounded and not cut | says: special about many pictures, and more latents
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            cell = ((latent - low) / (high - low) * 19).round().long()
            told.append(information(cell, level))
        best, rest = torch.stack(told).clamp(min=0).topk(2).values
        gaps.append((best - rest) / information(level, level))
    return torch.stack(gaps)


# %% price_range | wrong | both arguments moved in place | says: changed its arguments rate and distortion
def price_range(rate, distortion, i):
    R, D = rate[i].clone(), distortion[i].clone()
    rate -= R
    distortion -= D
    low = [float(-d / r) for r, d in zip(rate, distortion) if r > 0]
    high = [float(-d / r) for r, d in zip(rate, distortion) if r < 0]
    return max([0.0, *low]), min([float("inf"), *high])


# %% hidden_beta | wrong | one of the scripts of the page | says: the same whatever comes in
def hidden_beta(reconstruction, kl, pixels, latent_dim, batch):
    return 784 / 20


# %% warm_up | wrong | a rise is cut at a thousand steps | says: special about thousands of steps
def warm_up(step, beta, hold, rise):
    rise = min(rise, 1000)
    if rise == 0:
        return 0 if step < hold else beta
    return beta * min(max((step - hold) / rise, 0), 1)


# %% information_gap | wrong | a share of what the best latent knows | says: divided by what the best latent knows
def information_gap(mu, factors):
    gaps = []
    for level in factors.T:
        told = []
        for latent in mu.T:
            low, high = latent.min(), latent.max()
            told.append(information(((latent - low) / (high - low) * 20).long().clamp(max=19), level))
        best, rest = torch.stack(told).clamp(min=0).topk(2).values
        gaps.append((best - rest) / best)
    return torch.stack(gaps)
