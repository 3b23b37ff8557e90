// What a picture costs, in nats.

/**
 * Negative log-likelihood of pixels under independent Bernoulli distributions, in nats: the sum of log(1 + exp(logit)) -
 * x * logit, written so that no exponential grows.
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} logits
 */
export function bernoulliNll(x, logits) {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    sum += Math.max(logits[i], 0) + Math.log1p(Math.exp(-Math.abs(logits[i]))) - x[i] * logits[i];
  }
  return sum;
}
