# ruff: noqa
# Answers to the exercises of chapter 2 as somebody who reads the page alone would write them: slips that hide, and other routes.

# %% one_more_bit | wrong | one bit, one level more | says: levels grow as the bits do
prediction = {"bits": 1.2, "levels": 1.2, "step": 1 / 1.2, "rounding error": 1 / 1.44}

# %% one_more_bit | wrong | in per cent | says: It is a factor
prediction = {"bits": 120, "levels": 200, "step": 50, "rounding error": 25}

# %% one_more_bit | wrong | 7 % off in bits | says: not near enough
prediction = {"bits": 1.29, "levels": 2, "step": 0.5, "rounding error": 0.25}

# %% one_more_bit | wrong | a value left as None | says: should be a number
prediction = {"bits": 1.2, "levels": 2, "step": 0.5, "rounding error": None}

# %% one_more_bit | wrong | True for 1 | says: should be a number
prediction = {"bits": True, "levels": 2, "step": 0.5, "rounding error": 0.25}

# %% one_more_bit | right | calculated, 5 % off
b = 5
prediction = dict(zip(["bits", "levels", "step", "rounding error"], [(b + 1) / b, 2**(b + 1) / 2**b, 2**b / 2**(b + 1), 0.24]))

# %% one_more_bit | right | torch scalars
prediction = {"bits": torch.tensor(1.2), "levels": torch.tensor(2), "step": torch.tensor(0.5), "rounding error": torch.tensor(0.25)}

# %% overlap | wrong | only b made orthonormal | says: gave the other's columns length 1
def overlap(a, b):
    qb = torch.linalg.qr(b).Q
    a = a / a.norm(dim=0)
    return ((qb.T @ a) ** 2).sum() / a.shape[1]

# %% overlap | wrong | share of a's own squared length | says: long column counts more
def overlap(a, b):
    qb = torch.linalg.qr(b).Q
    return ((qb.T @ a) ** 2).sum() / (a ** 2).sum()

# %% overlap | wrong | random vectors from the columns, every mix equally likely | says: two directions
def overlap(a, b):
    g = torch.Generator().manual_seed(0)
    v = a @ torch.randn(a.shape[1], 20000, generator=g, dtype=a.dtype)
    qb = torch.linalg.qr(b).Q
    return ((qb.T @ v).norm(dim=0) ** 2 / v.norm(dim=0) ** 2).mean()

# %% overlap | wrong | a projector without the inverse | says: one number, as asked for, and not the right one
def overlap(a, b):
    pa = a @ a.T
    pb = b @ b.T
    return torch.trace(pa @ pb) / torch.trace(pa)

# %% overlap | wrong | pinv that drops short columns | says: several lengths
def overlap(a, b):
    pa = a @ torch.linalg.pinv(a, rtol=1e-2)
    pb = b @ torch.linalg.pinv(b, rtol=1e-2)
    return torch.trace(pa @ pb) / a.shape[1]

# %% overlap | wrong | a small number added to the lengths in Gram-Schmidt | says: one number, as asked for, and not the right one
def overlap(a, b):
    def ortho(m):
        qs = []
        for v in m.T:
            for q in qs:
                v = v - (q @ v) * q
            qs.append(v / (v.norm() + 1e-3))
        return torch.stack(qs, dim=1)
    return ((ortho(a).T @ ortho(b)) ** 2).sum() / a.shape[1]

# %% overlap | wrong | Gram-Schmidt in place | says: changed its argument
def overlap(a, b):
    def ortho(m):
        for j in range(m.shape[1]):
            for i in range(j):
                m[:, j] -= (m[:, i] @ m[:, j]) * m[:, i]
            m[:, j] /= m[:, j].norm()
        return m
    return ((ortho(a).T @ ortho(b)) ** 2).sum() / a.shape[1]

# %% overlap | wrong | columns centred, as for PCA | says: took the mean off each column
def overlap(a, b):
    a = a - a.mean(dim=0)
    b = b - b.mean(dim=0)
    qa = torch.linalg.qr(a).Q
    qb = torch.linalg.qr(b).Q
    return ((qa.T @ qb) ** 2).sum() / a.shape[1]

# %% overlap | wrong | one step of Gram-Schmidt only | says: several lengths
def overlap(a, b):
    qa, qb = a / a.norm(dim=0), b / b.norm(dim=0)
    for q in (qa, qb):
        for j in range(1, q.shape[1]):
            q[:, j] -= (q[:, j - 1] @ q[:, j]) * q[:, j - 1]
            q[:, j] /= q[:, j].norm()
    return ((qa.T @ qb) ** 2).sum() / a.shape[1]

# %% overlap | wrong | the mean angle, in parts of 90 degrees | says: averaged angles
def overlap(a, b):
    qa = torch.linalg.qr(a).Q
    qb = torch.linalg.qr(b).Q
    angles = torch.acos(torch.linalg.svdvals(qa.T @ qb).clamp(0, 1))
    return 1 - angles.mean() / (torch.pi / 2)

# %% overlap | wrong | eigenvectors of a a^T with a fixed limit | says: short columns
def overlap(a, b):
    def basis(m):
        values, vectors = torch.linalg.eigh(m @ m.T)
        return vectors[:, values > 1e-6]
    qa, qb = basis(a), basis(b)
    return ((qa.T @ qb) ** 2).sum() / a.shape[1]

# %% overlap | wrong | 200,000 random vectors, by the page's definition | says: near, and not right to five digits
def overlap(a, b):
    g = torch.Generator().manual_seed(0)
    qa = torch.linalg.qr(a).Q
    qb = torch.linalg.qr(b).Q
    v = torch.randn(200_000, a.shape[1], generator=g, dtype=a.dtype)
    left = v @ (qa.T @ qb)
    return (left.square().sum(dim=1) / v.square().sum(dim=1)).mean()

# %% overlap | right | scipy's angles
import numpy as np
from scipy.linalg import subspace_angles


def overlap(a, b):
    angles = subspace_angles(a.numpy(), b.numpy())
    return float((np.cos(angles) ** 2).mean())

# %% overlap | right | least squares: what falls onto b
def overlap(a, b):
    q = torch.linalg.qr(a).Q
    fallen = b @ torch.linalg.lstsq(b, q).solution
    return fallen.square().sum() / q.square().sum()

# %% overlap | right | columns to length 1, Gram matrix solved, in float64
def overlap(a, b):
    a = a.double() / a.double().norm(dim=0)
    b = b.double() / b.double().norm(dim=0)
    ab = a.T @ b
    left = torch.linalg.solve(a.T @ a, ab)
    right = torch.linalg.solve(b.T @ b, ab.T)
    return torch.trace(left @ right) / a.shape[1]

# %% overlap | right | by the lost part
def overlap(a, b):
    qa = torch.linalg.qr(a)[0]
    qb = torch.linalg.qr(b)[0]
    lost = qa - qb @ (qb.T @ qa)
    return 1 - (lost ** 2).sum() / qa.shape[1]

# %% overlap | right | float32 whatever comes
def overlap(a, b):
    qa = torch.linalg.qr(a.float()).Q
    qb = torch.linalg.qr(b.float()).Q
    return ((qa.T @ qb) ** 2).sum() / a.shape[1]

# %% overlap | right | shape (1,)
def overlap(a, b):
    qa = torch.linalg.qr(a).Q
    qb = torch.linalg.qr(b).Q
    return (((qa.T @ qb) ** 2).sum() / a.shape[1]).reshape(1)

# %% cover | wrong | off by one: fails when the square is the picture | says: as large as the image
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        top = torch.randint(0, rows - side, (1,), generator=generator).item()
        left = torch.randint(0, rows - side, (1,), generator=generator).item()
        image[top : top + side, left : left + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | Python's random for the columns | says: not come from the generator
import random


def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        top = torch.randint(0, rows - side + 1, (1,), generator=generator).item()
        left = random.randrange(rows - side + 1)
        image[top : top + side, left : left + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | the generator's state put back | says: set back, or copied
def cover(x, side, generator):
    state = generator.get_state()
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        top, left = torch.randint(0, rows - side + 1, (2,), generator=generator).tolist()
        image[top : top + side, left : left + side] = 0
    generator.set_state(state)
    return result.reshape(n, -1)

# %% cover | wrong | in place, and a copy given back | says: changed an argument
def cover(x, side, generator):
    rows = int(x.shape[1] ** 0.5)
    for row in x:
        top, left = torch.randint(0, rows - side + 1, (2,), generator=generator).tolist()
        row.view(rows, rows)[top : top + side, left : left + side] = 0
    return x.clone()

# %% cover | wrong | rounded: the places at the edge come half as often | says: too often
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        u = torch.rand(2, generator=generator) * (rows - side)
        top, left = u.round().long().tolist()
        image[top : top + side, left : left + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | a normal draw around the middle | says: too often
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        u = torch.randn(2, generator=generator) * (rows - side) / 4 + (rows - side) / 2
        top, left = u.round().clamp(0, rows - side).long().tolist()
        image[top : top + side, left : left + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | only on a grid of squares | says: on a grid
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        i, j = torch.randint(0, rows // side, (2,), generator=generator).tolist()
        image[i * side : (i + 1) * side, j * side : (j + 1) * side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | antithetic: the second half mirrors the first | says: from the other corner
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    top = torch.randint(0, rows - side + 1, (n,), generator=generator)
    left = torch.randint(0, rows - side + 1, (n,), generator=generator)
    half = n // 2
    if half:
        top[-half:] = rows - side - top[:half]
        left[-half:] = rows - side - left[:half]
    for image, i, j in zip(result, top.tolist(), left.tolist()):
        image[i : i + side, j : j + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | two images share a place | says: depends on that
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    top = torch.randint(0, rows - side + 1, ((n + 1) // 2,), generator=generator).repeat_interleave(2)
    left = torch.randint(0, rows - side + 1, ((n + 1) // 2,), generator=generator).repeat_interleave(2)
    for image, i, j in zip(result, top.tolist(), left.tolist()):
        image[i : i + side, j : j + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | places without replacement: too few for many images | says: number of covered pixels
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    k = rows - side + 1
    places = torch.randperm(k * k, generator=generator)
    for image, place in zip(result, places.tolist()):
        i, j = divmod(place, k)
        image[i : i + side, j : j + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | the square runs on at the other edge | says: comes in again
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for k in range(n):
        top, left = torch.randint(0, rows, (2,), generator=generator).tolist()
        i = (torch.arange(side) + top) % rows
        j = (torch.arange(side) + left) % rows
        result[k, i[:, None], j] = 0
    return result.reshape(n, -1)

# %% cover | wrong | columns drawn once for all | says: same columns
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    left = torch.randint(0, rows - side + 1, (1,), generator=generator).item()
    for image in result:
        top = torch.randint(0, rows - side + 1, (1,), generator=generator).item()
        image[top : top + side, left : left + side] = 0
    return result.reshape(n, -1)

# %% cover | wrong | fails for one image: squeeze | says: one image
def cover(x, side, generator):
    rows = int(x.shape[1] ** 0.5)
    result = x.clone().reshape(-1, rows, rows).squeeze()
    for k in range(len(x)):
        top, left = torch.randint(0, rows - side + 1, (2,), generator=generator).tolist()
        result[k, top : top + side, left : left + side] = 0
    return result.reshape(x.shape)

# %% cover | wrong | rows and columns from the same seeded start | says: always the same number
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    state = generator.get_state()
    top = torch.randint(0, rows - side + 1, (n,), generator=generator)
    generator.set_state(state)
    left = torch.randint(0, rows - side + 1, (n,), generator=generator)
    for image, i, j in zip(result, top.tolist(), left.tolist()):
        image[i : i + side, j : j + side] = 0
    return result.reshape(n, -1)

# %% cover | right | one number for the place, divmod, NumPy inside
import numpy as np


def cover(x, side, generator):
    rows = int(round(np.sqrt(x.shape[1])))
    k = rows - side + 1
    images = x.numpy().copy().reshape(-1, rows, rows)
    places = torch.randint(k * k, (len(x),), generator=generator).numpy()
    for image, (i, j) in zip(images, zip(*np.divmod(places, k))):
        image[i : i + side, j : j + side] = 0
    return torch.from_numpy(images.reshape(x.shape))

# %% cover | right | rejected until it fits
def cover(x, side, generator):
    n = len(x)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(n, rows, rows)

    for image in result:
        while True:
            top, left = torch.randint(0, rows, (2,), generator=generator).tolist()
            if top + side <= rows and left + side <= rows:
                break
        image[top : top + side, left : left + side] = 0
    return result.reshape(n, -1)

# %% cover | right | a square moved by scatter
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    offset = (torch.arange(side)[:, None] * rows + torch.arange(side)).flatten()
    corner = torch.randint(rows - side + 1, (len(x), 2), generator=generator) @ torch.tensor([rows, 1])
    return x.scatter(1, corner[:, None] + offset, 0.0)

# %% cover | right | the place with the largest of random numbers
def cover(x, side, generator):
    rows = round(x.shape[1] ** 0.5)
    k = rows - side + 1
    place = torch.rand(len(x), k * k, generator=generator).argmax(dim=1)
    out = [image.clone() for image in x]
    for image, p in zip(out, place.tolist()):
        image.view(rows, rows)[p // k : p // k + side, p % k : p % k + side].zero_()
    return torch.stack(out)

# %% cover | right | NumPy's generator, seeded anew from a draw
import numpy as np


def cover(x, side, generator):
    seed = torch.randint(2**31, (1,), generator=generator).item()
    rng = np.random.default_rng(seed)
    rows = round(x.shape[1] ** 0.5)
    result = x.clone().reshape(-1, rows, rows)
    for image in result:
        top, left = rng.integers(0, rows - side, size=2, endpoint=True)
        image[top : top + side, left : left + side] = 0
    return result.reshape(x.shape)

# %% denoising_loss | wrong | damaged twice | says: brighter twice
def denoising_loss(weights, x, keep, generator):
    noisy = damaged(damaged(x, keep, generator), keep, generator)
    return losses.bernoulli_nll(x, draw(weights, noisy)).mean()

# %% denoising_loss | wrong | holes and brightening of different shares | says: your network sees nothing
def denoising_loss(weights, x, keep, generator):
    mask = torch.rand(x.shape, generator=generator, dtype=x.dtype) < 1 - keep
    return losses.bernoulli_nll(x, draw(weights, x * mask / keep)).mean()

# %% denoising_loss | wrong | x and logits exchanged | says: first what is compared with
def denoising_loss(weights, x, keep, generator):
    logits = draw(weights, damaged(x, keep, generator))
    return losses.bernoulli_nll(logits, x).mean()

# %% denoising_loss | wrong | one pattern of holes for all images | says: the same holes
def denoising_loss(weights, x, keep, generator):
    mask = damaged(torch.ones_like(x[:1]), keep, generator)
    return losses.bernoulli_nll(x, draw(weights, x * mask)).mean()

# %% denoising_loss | wrong | whole images come or go | says: All pixels of an image
def denoising_loss(weights, x, keep, generator):
    mask = damaged(torch.ones_like(x[:, :1]), keep, generator)
    return losses.bernoulli_nll(x, draw(weights, x * mask)).mean()

# %% denoising_loss | wrong | the global seed, F.dropout | says: not come from the generator
def denoising_loss(weights, x, keep, generator):
    noisy = F.dropout(x, 1 - keep)
    return losses.bernoulli_nll(x, draw(weights, noisy)).mean()

# %% denoising_loss | wrong | a copy of the generator | says: set back, or copied
def denoising_loss(weights, x, keep, generator):
    own = torch.Generator()
    own.set_state(generator.get_state())
    return losses.bernoulli_nll(x, draw(weights, damaged(x, keep, own))).mean()

# %% denoising_loss | wrong | the gradient cut at the hidden layer | says: one of the three weights
def denoising_loss(weights, x, keep, generator):
    first, second, bias = weights
    h = F.silu(damaged(x, keep, generator) @ first).detach()
    return losses.bernoulli_nll(x, h @ second + bias).mean()

# %% denoising_loss | wrong | wrapped in torch.tensor | says: no gradient reaches
def denoising_loss(weights, x, keep, generator):
    loss = losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator))).mean()
    return torch.tensor(loss.item(), requires_grad=True)

# %% denoising_loss | wrong | x damaged in place, and then compared with that | says: compares with the damaged image
def denoising_loss(weights, x, keep, generator):
    x *= torch.rand(x.shape, generator=generator, dtype=x.dtype) < keep
    x /= keep
    return losses.bernoulli_nll(x, draw(weights, x)).mean()

# %% denoising_loss | wrong | brightened pixels cut at 1 | says: off at 1
def denoising_loss(weights, x, keep, generator):
    noisy = damaged(x, keep, generator).clamp(0, 1)
    return losses.bernoulli_nll(x, draw(weights, noisy)).mean()

# %% denoising_loss | wrong | exactly the share keep stays | says: same number of pixels stays
def denoising_loss(weights, x, keep, generator):
    n, pixels = x.shape
    order = torch.rand(x.shape, generator=generator, dtype=x.dtype).argsort(dim=1).argsort(dim=1)
    mask = order < round(keep * pixels)
    return losses.bernoulli_nll(x, draw(weights, x * mask / keep)).mean()

# %% denoising_loss | wrong | brightened by the share that did stay | says: share that happened to stay
def denoising_loss(weights, x, keep, generator):
    mask = (torch.rand(x.shape, generator=generator, dtype=x.dtype) < keep).to(x.dtype)
    return losses.bernoulli_nll(x, draw(weights, x * mask / mask.mean())).mean()

# %% denoising_loss | wrong | antithetic: the second half has the holes where the first has none | says: depend on those of another
def denoising_loss(weights, x, keep, generator):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    half = len(x) // 2
    if half:
        u[-half:] = 1 - u[:half]
    return losses.bernoulli_nll(x, draw(weights, x * (u < keep) / keep)).mean()

# %% denoising_loss | wrong | the logits damaged | says: damage what the network draws
def denoising_loss(weights, x, keep, generator):
    return losses.bernoulli_nll(x, damaged(draw(weights, x), keep, generator)).mean()

# %% denoising_loss | wrong | calls backward by itself | says: raised RuntimeError
def denoising_loss(weights, x, keep, generator):
    loss = losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator))).mean()
    loss.backward()
    return loss.detach()

# %% denoising_loss | wrong | input() left in | says: raised EOFError
def denoising_loss(weights, x, keep, generator):
    input('keep? ')
    return losses.bernoulli_nll(x, draw(weights, damaged(x, keep, generator))).mean()

# %% denoising_loss | right | torch.bernoulli for the mask
def denoising_loss(weights, x, keep, generator):
    mask = torch.bernoulli(torch.full_like(x, keep), generator=generator)
    return losses.bernoulli_nll(x, draw(weights, x * mask / keep)).mean()

# %% denoising_loss | right | holes from above: noise > 1 - keep, drawn transposed
def denoising_loss(weights, x, keep, generator):
    u = torch.rand(x.shape[1], x.shape[0], generator=generator, dtype=torch.float64).T
    noisy = torch.where(u >= 1 - keep, x / keep, torch.zeros_like(x))
    return losses.bernoulli_nll(x, draw(weights, noisy)).mean()

# %% denoising_loss | right | holes by NumPy, seeded from a draw
import numpy as np


def denoising_loss(weights, x, keep, generator):
    seed = int(torch.randint(2**31, (1,), generator=generator))
    mask = np.random.default_rng(seed).random(tuple(x.shape)) < keep
    noisy = x * torch.from_numpy(mask) / keep
    return losses.bernoulli_nll(x, draw(weights, noisy)).mean()

# %% denoising_loss | right | brightening in the weight
def denoising_loss(weights, x, keep, generator):
    first, second, bias = weights
    mask = torch.rand(x.shape, generator=generator, dtype=x.dtype).lt(keep)
    return losses.bernoulli_nll(x, draw((first / keep, second, bias), x * mask)).mean()
