# ruff: noqa
# Answers to the exercises of chapter 2 as learners write them. Each runs in the names that the page gives.

# %% one_more_bit | right | fractions and NumPy
import numpy as np
from fractions import Fraction

prediction = {
    "bits": Fraction(6, 5),
    "levels": np.int64(2),
    "step": np.float32(0.5),
    "rounding error": torch.tensor([0.25]),
}

# %% one_more_bit | right | what a run prints
prediction = {"bits": 96 / 80, "levels": 64 / 32, "step": 0.3939 / 0.7878, "rounding error": 0.2096 / 0.8376}

# %% one_more_bit | wrong | twice the bits | says: doubled the size of the code
prediction = {"bits": 2, "levels": 2, "step": 0.5, "rounding error": 0.25}

# %% one_more_bit | wrong | bits for factors | says: That is a size
prediction = {"bits": 96, "levels": 64, "step": 0.5, "rounding error": 0.25}

# %% one_more_bit | wrong | levels for a factor | says: That is a count
prediction = {"bits": 1.2, "levels": 64, "step": 0.5, "rounding error": 0.25}

# %% one_more_bit | wrong | all codes together | says: of the 16 numbers together
prediction = {"bits": 1.2, "levels": 2**16, "step": 0.5, "rounding error": 0.25}

# %% one_more_bit | wrong | not squared | says: as the step does
prediction = {"bits": 1.2, "levels": 2, "step": 0.5, "rounding error": 0.5}

# %% one_more_bit | wrong | the other way round | says: divided the old
prediction = {"bits": 5 / 6, "levels": 0.5, "step": 2, "rounding error": 4}

# %% one_more_bit | wrong | a change for a factor | says: bits|levels
prediction = {"bits": 16, "levels": 32, "step": -0.39, "rounding error": -0.6}

# %% one_more_bit | wrong | in words | says: should be a number
prediction = {"bits": "a fifth more", "levels": "double", "step": "half", "rounding error": "a quarter"}

# %% one_more_bit | wrong | per cent | says: factor
prediction = {"bits": 120, "levels": 200, "step": 50, "rounding error": 25}

# %% one_more_bit | wrong | a list | says: should be a dict
prediction = [1.2, 2, 0.5, 0.25]


# %% overlap | right | singular values
def overlap(a, b):
    a = torch.linalg.svd(a, full_matrices=False).U
    b = torch.linalg.svd(b, full_matrices=False).U
    return torch.linalg.svdvals(a.T @ b).square().mean()


# %% overlap | right | projectors, a Python number
def overlap(a, b):
    p = a @ torch.linalg.inv(a.T @ a) @ a.T
    q = b @ torch.linalg.inv(b.T @ b) @ b.T
    return float((p @ q).trace() / a.shape[1])


# %% overlap | right | NumPy
def overlap(a, b):
    import numpy as np

    qa, _ = np.linalg.qr(a.numpy())
    qb, _ = np.linalg.qr(b.numpy())
    return (np.linalg.norm(qb.T @ qa) ** 2) / qa.shape[1]


# %% overlap | right | Gram-Schmidt
def overlap(a, b):
    def straight(m):
        columns = []
        for v in m.T:
            for _ in range(2):
                for u in columns:
                    v = v - (u @ v) * u
            columns.append(v / v.norm())
        return torch.stack(columns, dim=1)

    a, b = straight(a), straight(b)
    return torch.stack([((b.T @ v) ** 2).sum() for v in a.T]).mean()


# %% overlap | wrong | columns of length 1 only | says: length 1 and not right angles
def overlap(a, b):
    a = F.normalize(a, dim=0)
    b = F.normalize(b, dim=0)
    return ((a.T @ b) ** 2).sum() / a.shape[1]


# %% overlap | wrong | lengths for squared lengths | says: averaged the lengths
def overlap(a, b):
    a = torch.linalg.qr(a).Q
    b = torch.linalg.qr(b).Q
    return (b.T @ a).norm(dim=0).mean()


# %% overlap | wrong | a complete QR | says: complete QR
def overlap(a, b):
    qa = torch.linalg.qr(a, mode="complete").Q
    qb = torch.linalg.qr(b, mode="complete").Q
    return ((qb.T @ qa) ** 2).sum(dim=0).mean()


# %% overlap | wrong | a complete QR, divided by the columns | says: complete QR
def overlap(a, b):
    qa = torch.linalg.qr(a, mode="complete").Q
    qb = torch.linalg.qr(b, mode="complete").Q
    return ((qb.T @ qa) ** 2).sum() / a.shape[1]


# %% overlap | wrong | cosines averaged | says: averaged cosines
def overlap(a, b):
    a = torch.linalg.qr(a).Q
    b = torch.linalg.qr(b).Q
    return torch.linalg.svdvals(a.T @ b).mean()


# %% overlap | wrong | R for Q | says: .
def overlap(a, b):
    qa, ra = torch.linalg.qr(a)
    qb, rb = torch.linalg.qr(b)
    return ((rb.T @ ra) ** 2).sum() / a.shape[1]


# %% overlap | wrong | column by column | says: first column with the first
def overlap(a, b):
    return (F.cosine_similarity(a, b, dim=0) ** 2).mean()


# %% overlap | wrong | divided by eight | says: .
def overlap(a, b):
    a = torch.linalg.qr(a).Q
    b = torch.linalg.qr(b).Q
    return ((b.T @ a) ** 2).sum() / 8


# %% overlap | wrong | made of length 1 in place | says: .
def overlap(a, b):
    a /= a.norm(dim=0)
    b /= b.norm(dim=0)
    a = torch.linalg.qr(a).Q
    b = torch.linalg.qr(b).Q
    return ((b.T @ a) ** 2).sum() / a.shape[1]


# %% overlap | wrong | one share a direction | says: share of each direction|axes
def overlap(a, b):
    a = torch.linalg.qr(a).Q
    b = torch.linalg.qr(b).Q
    return ((b.T @ a) ** 2).sum(dim=0)


# %% overlap | wrong | one of the two | says: orthonormal and not the other
def overlap(a, b):
    a = torch.linalg.qr(a).Q
    return ((a.T @ b) ** 2).sum() / a.shape[1]


# %% cover | right | without a loop
def cover(x, side, generator):
    n, rows = len(x), int(x.shape[1] ** 0.5 + 0.5)
    top = torch.randint(0, rows - side + 1, (n, 1, 1), generator=generator)
    left = torch.randint(0, rows - side + 1, (n, 1, 1), generator=generator)
    i = torch.arange(rows)
    inside_rows = (i[:, None] >= top) & (i[:, None] < top + side)
    inside_columns = (i >= left) & (i < left + side)
    hole = (inside_rows & inside_columns).reshape(n, -1)
    return x.masked_fill(hole, 0)


# %% cover | right | floats drawn and floored, one number for the place
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    places = rows - side + 1
    at = (torch.rand(len(x), generator=generator) * places**2).floor().long().clamp(max=places**2 - 1)
    mask = torch.ones(len(x), rows, rows, dtype=x.dtype)
    for m, place in zip(mask, at.tolist()):
        top, left = divmod(place, places)
        m[top : top + side, left : left + side] = 0
    return x * mask.reshape(len(x), -1)


# %% cover | right | a list of images
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    out = []
    for image in x:
        image = image.clone().view(rows, rows)
        i, j = torch.randint(high=rows - side + 1, size=(2,), generator=generator)
        image[i : i + side, j : j + side] = 0.0
        out.append(image.flatten())
    return torch.stack(out)


# %% cover | wrong | 28 rows for all | says: raised
def cover(x, side, generator):
    covered = x.clone()
    for image in covered.reshape(-1, 28, 28):
        top, left = torch.randint(28 - side + 1, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0
    return covered


# %% cover | wrong | a view of the argument | says: changed an argument
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    images = x.reshape(-1, rows, rows)
    for image in images:
        top, left = torch.randint(rows - side + 1, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0
    return images.reshape(x.shape)


# %% cover | wrong | the upper end left out | says: raised|upper end
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = torch.randint(rows - side, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0
    return covered


# %% cover | wrong | pushed back from the border | says: too often
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = torch.randint(rows, (2,), generator=generator)
        top, left = min(top, rows - side), min(left, rows - side)
        image[top : top + side, left : left + side] = 0
    return covered


# %% cover | wrong | images with rows | says: shape of x
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone().reshape(-1, rows, rows)
    for image in covered:
        top, left = torch.randint(rows - side + 1, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0
    return covered


# %% cover | wrong | Python's random | says: not come from the generator
def cover(x, side, generator):
    import random

    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = random.randint(0, rows - side), random.randint(0, rows - side)
        image[top : top + side, left : left + side] = 0
    return covered


# %% cover | wrong | a seed of its own | says: nothing random comes from the generator
def cover(x, side, generator):
    torch.manual_seed(0)
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = torch.randint(rows - side + 1, (2,))
        image[top : top + side, left : left + side] = 0
    return covered


# %% cover | wrong | the mask | says: a mask
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    mask = torch.ones_like(x).reshape(-1, rows, rows)
    for image in mask:
        top, left = torch.randint(rows - side + 1, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0
    return mask.reshape(x.shape)


# %% cover | wrong | float64 out | says: dtype
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    mask = torch.ones(len(x), rows, rows, dtype=torch.float64)
    for image in mask:
        top, left = torch.randint(rows - side + 1, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0
    return x * mask.reshape(x.shape)


# %% cover | wrong | one place a batch | says: at the same place
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    top = torch.randint(rows - side + 1, (1,), generator=generator).item()
    left = torch.randint(rows - side + 1, (1,), generator=generator).item()
    covered = x.clone().reshape(-1, rows, rows)
    covered[:, top : top + side, left : left + side] = 0
    return covered.reshape(len(x), -1)


# %% cover | wrong | a grey square | says: not 0|outside
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    covered = x.clone()
    for image in covered.reshape(-1, rows, rows):
        top, left = torch.randint(rows - side + 1, (2,), generator=generator)
        image[top : top + side, left : left + side] = 0.5
    return covered


# %% denoising_loss | right | the loss written out
def denoising_loss(weights, x, keep, generator):
    seen = damaged(x, keep, generator)
    logits = draw(weights, seen)
    each = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return each.sum(dim=1).mean()


# %% denoising_loss | right | image by image
def denoising_loss(weights, x, keep, generator):
    total = 0
    for image in x:
        seen = damaged(image[None], keep, generator)
        total = total + losses.bernoulli_nll(image[None], draw(weights, seen)).sum()
    return total / len(x)


# %% denoising_loss | right | holes drawn with bernoulli, one number in a list
def denoising_loss(weights, x, keep, generator):
    kept = torch.bernoulli(torch.full(x.shape, float(keep), dtype=x.dtype), generator=generator)
    first, second, bias = weights
    hidden = F.silu((x * kept / keep) @ first)
    logits = hidden @ second + bias
    return (F.softplus(logits) - x * logits).sum() / x.shape[0]


# %% denoising_loss | wrong | damaged target | says: compares with the damaged image
def denoising_loss(weights, x, keep, generator):
    x = damaged(x, keep, generator)
    each = F.binary_cross_entropy_with_logits(draw(weights, x), x, reduction="none")
    return each.sum(dim=1).mean()


# %% denoising_loss | wrong | the course's loss on a damaged target | says: compares with the damaged image
def denoising_loss(weights, x, keep, generator):
    x = damaged(x, keep, generator)
    return losses.bernoulli_nll(x, draw(weights, x)).mean()


# %% denoising_loss | wrong | damage never used | says: with no damage
def denoising_loss(weights, x, keep, generator):
    seen = damaged(x, keep, generator)
    return losses.bernoulli_nll(x, draw(weights, x)).mean()


# %% denoising_loss | wrong | no generator handed on | says: not come from the generator
def denoising_loss(weights, x, keep, generator):
    seen = damaged(x, keep, None)
    return losses.bernoulli_nll(x, draw(weights, seen)).mean()


# %% denoising_loss | wrong | the generator set back | says: nothing random|set back
def denoising_loss(weights, x, keep, generator):
    generator.manual_seed(0)
    seen = damaged(x, keep, generator)
    return losses.bernoulli_nll(x, draw(weights, seen)).mean()


# %% denoising_loss | wrong | one number an image | says: one number
def denoising_loss(weights, x, keep, generator):
    return losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator)))


# %% denoising_loss | wrong | the sum | says: sum over the images
def denoising_loss(weights, x, keep, generator):
    return losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator))).sum()


# %% denoising_loss | wrong | a sigmoid before the loss | says: Sigmoid twice
def denoising_loss(weights, x, keep, generator):
    x_hat = torch.sigmoid(draw(weights, damaged(x, keep, generator)))
    return losses.bernoulli_nll(x, x_hat).mean()


# %% denoising_loss | wrong | mean of everything | says: mean over the pixels
def denoising_loss(weights, x, keep, generator):
    logits = draw(weights, damaged(x, keep, generator))
    return F.binary_cross_entropy_with_logits(logits, x, reduction="mean")


# %% denoising_loss | wrong | squared error | says: squared error
def denoising_loss(weights, x, keep, generator):
    x_hat = torch.sigmoid(draw(weights, damaged(x, keep, generator)))
    return ((x_hat - x) ** 2).sum(dim=1).mean()


# %% denoising_loss | wrong | under no_grad | says: no gradient
def denoising_loss(weights, x, keep, generator):
    with torch.no_grad():
        logits = draw(weights, damaged(x, keep, generator))
    return losses.bernoulli_nll(x, logits).mean()


# %% denoising_loss | wrong | the share exchanged | says: exchanged the two shares|raised
def denoising_loss(weights, x, keep, generator):
    logits = draw(weights, damaged(x, 1 - keep if keep < 1 else 1, generator))
    return losses.bernoulli_nll(x, logits).mean()


# %% denoising_loss | wrong | not divided | says: get brighter
def denoising_loss(weights, x, keep, generator):
    noise = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return losses.bernoulli_nll(x, draw(weights, x * (noise < keep))).mean()


# %% denoising_loss | wrong | the loss on the holes | says: counts the holes only
def denoising_loss(weights, x, keep, generator):
    seen = damaged(x, keep, generator)
    each = F.binary_cross_entropy_with_logits(draw(weights, seen), x, reduction="none")
    return each[seen == 0].sum() / len(x)


# %% denoising_loss | wrong | noise in place | says: changed an argument
def denoising_loss(weights, x, keep, generator):
    whole = x.clone()
    x *= (torch.rand(x.shape, generator=generator) < keep) / keep
    return losses.bernoulli_nll(whole, draw(weights, x)).mean()


# %% overlap | wrong | rounded to three digits | says: near, and not right to five digits
def overlap(a, b):
    first, second = torch.linalg.qr(a)[0], torch.linalg.qr(b)[0]
    return round(((first.T @ second).square().sum() / a.shape[1]).item(), 3)


# %% overlap | wrong | the mean over many vectors | says: near, and not right to five digits
def overlap(a, b):
    first, second = torch.linalg.qr(a)[0], torch.linalg.qr(b)[0]
    z = torch.randn(100_000, a.shape[1], generator=torch.Generator().manual_seed(0), dtype=a.dtype)
    return ((z @ first.T @ second).square().sum(dim=1) / z.square().sum(dim=1)).mean()


# %% cover | wrong | every place equally often, shuffled | says: equally often in a batch
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    places = rows - side + 1
    new = x.clone().reshape(-1, rows, rows)
    order = torch.randperm(len(x), generator=generator)
    for image, place in zip(new, (torch.arange(len(x)) % places**2)[order].tolist()):
        i, j = divmod(place, places)
        image[i : i + side, j : j + side] = 0
    return new.flatten(1)


# %% cover | wrong | float32 comes back | says: float64 came in and float32 came out
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    mask = torch.ones(len(x), rows, rows)
    for each in mask:
        i, j = torch.randint(rows - side + 1, (2,), generator=generator)
        each[i : i + side, j : j + side] = 0
    return x.float() * mask.flatten(1)


# %% denoising_loss | wrong | the damaged image, cut off at 1, is the target | says: damaged image, cut off at 1
def denoising_loss(weights, x, keep, generator):
    seen = damaged(x, keep, generator)
    return losses.bernoulli_nll(seen.clamp(max=1), draw(weights, seen)).mean()


# %% denoising_loss | wrong | the target has the holes and is not brighter | says: an image that has holes
def denoising_loss(weights, x, keep, generator):
    mask = torch.rand(x.shape, generator=generator, dtype=x.dtype) < keep
    return losses.bernoulli_nll(x * mask, draw(weights, x * mask / keep)).mean()


# %% denoising_loss | wrong | those above keep stay | says: With `keep = 1` your network sees nothing
def denoising_loss(weights, x, keep, generator):
    noise = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return losses.bernoulli_nll(x, draw(weights, x * (noise > keep) / keep)).mean()


# %% denoising_loss | wrong | brighter by the share that stayed | says: the share that happened to stay
def denoising_loss(weights, x, keep, generator):
    mask = (torch.rand(x.shape, generator=generator, dtype=x.dtype) < keep).to(x.dtype)
    return losses.bernoulli_nll(x, draw(weights, x * mask / mask.mean())).mean()


# %% denoising_loss | wrong | two pixels share a draw | says: depends on another pixel of its image
def denoising_loss(weights, x, keep, generator):
    noise = torch.rand(len(x), (x.shape[1] + 1) // 2, generator=generator, dtype=x.dtype)
    noise = noise.repeat_interleave(2, dim=1)[:, : x.shape[1]]
    return losses.bernoulli_nll(x, draw(weights, x * (noise < keep) / keep)).mean()


# %% denoising_loss | wrong | the mean of two halves of a batch | says: The first such case is three images
def denoising_loss(weights, x, keep, generator):
    nats = losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator)))
    half = len(x) // 2
    return (nats[:half].mean() + nats[half:].mean()) / 2 if half else nats[0]


# %% denoising_loss | wrong | no gradient where nothing is removed | says: no gradient reaches the weights
def denoising_loss(weights, x, keep, generator):
    with torch.set_grad_enabled(keep < 1):
        return losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator))).mean()


# %% denoising_loss | right | nothing is drawn where nothing is removed
def denoising_loss(weights, x, keep, generator):
    seen = x if keep == 1 else damaged(x, keep, generator)
    return F.binary_cross_entropy_with_logits(draw(weights, seen), x, reduction="sum") / len(x)
