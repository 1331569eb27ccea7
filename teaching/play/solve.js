// The follower at a decision x, exactly: minima over the intersections of its rows, of which at most two matter.
// The finite method of teaching/draw/reaction_curve.py, written a second time: the page holds the two against another.
"use strict";
const FAR = 1e5, INSIDE = 1e-11, SIGN = 1e-9, ACTIVE = 1e-7;

function evaluate(terms, x, y) {
  let sum = 0;
  for (const [a, p, ...q] of terms) sum += q.reduce((product, k, j) => product * y[j] ** k, a * x ** p);
  return sum;
}

function gauss(matrix, right) {
  const n = right.length, m = matrix.map((line, i) => [...line, right[i]]);
  const size = Math.max(1e-300, ...matrix.flat().map(Math.abs));
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(m[i][k]) > Math.abs(m[best][k])) best = i;
    if (Math.abs(m[best][k]) <= 1e-12 * size) return null;
    [m[k], m[best]] = [m[best], m[k]];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = m[i][k] / m[k][k];
      for (let j = k; j <= n; j++) m[i][j] -= factor * m[k][j];
    }
  }
  return m.map((line, k) => line[n] / line[k]);
}

// The stationary point of 1/2 y'Hy + g'y over rows as equations, with their multipliers; null if it is not the only one.
function stationary(H, g, rows) {
  const n = g.length, matrix = [], right = [];
  for (let j = 0; j < n; j++) { matrix.push([...H[j], ...rows.map((row) => -row.a[j])]); right.push(-g[j]); }
  for (const row of rows) { matrix.push([...row.a, ...rows.map(() => 0)]); right.push(-row.b); }
  const found = gauss(matrix, right);
  return found && { y: found.slice(0, n), multipliers: found.slice(n) };
}

function* subsets(count, most) {
  yield [];
  for (let i = 0; i < count; i++) {
    yield [i];
    if (most > 1) for (let j = i + 1; j < count; j++) yield [i, j];
  }
}

const slackOf = (row, y) => row.a.reduce((sum, a, j) => sum + a * y[j], row.b);
const scaleOf = (row, y) => row.a.reduce((sum, a, j) => sum + Math.abs(a * y[j]), 1 + Math.abs(row.b));
// At a kink, which is a rounded number, what is optimal on either side of it counts.
let room = INSIDE;
const isInside = (rows, y) => rows.every((row) => slackOf(row, y) >= -room * scaleOf(row, y));

// All feasible points that are stationary over some of the rows (H = 0: the corners).
function candidates(H, g, rows) {
  const n = g.length, found = [];
  for (const chosen of subsets(rows.length, n)) {
    const point = stationary(H, g, chosen.map((i) => rows[i]));
    if (point && isInside(rows, point.y)) found.push({ ...point, chosen });
  }
  return found;
}

function distinct(points) {
  const near = (p, q) => p.every((v, j) => Math.abs(v - q[j]) <= 1e-9 * (1 + Math.abs(v)));
  return points.filter((p, i) => !points.slice(0, i).some((q) => near(p, q)));
}

const zeros = (n) => Array.from({ length: n }, () => 0);
const flat = (n) => Array.from({ length: n }, () => zeros(n));
const corners = (rows, n) => distinct(candidates(flat(n), zeros(n), rows).map((c) => c.y));
const numbersOf = (rows, x) => rows.flatMap((row, i) => {
  const none = zeros(row.coefficients.length);
  const one = { of: i, sign: 1, b: evaluate(row.constant, x, none), a: row.coefficients.map((c) => evaluate(c, x, none)) };
  return row.equality ? [one, { of: i, sign: -1, b: -one.b, a: one.a.map((a) => -a) }] : [one];
});
const box = (n) => [1, -1].flatMap((s) => zeros(n).map((_, j) => ({ of: -1, sign: s, b: FAR, a: zeros(n).map((_, k) => (k === j ? s : 0)) })));

// What the follower does at x, what the leader's rows and objective make of it, and the KKT system there.
function replyAt(data, x) {
  room = data.breakpoints.includes(x) ? 1000 * INSIDE : INSIDE;
  const n = data.y.length, own = numbersOf(data.rows, x), leader = numbersOf(data.leaderRows, x);
  const H = data.hessian, g = data.gradient.map((part) => evaluate(part, x, zeros(n)));
  const rows = [...own, ...box(n)], both = [...own, ...leader, ...box(n)];
  const reply = { x, feasible: corners(rows, n), joint: corners(both, n), optimal: [], accepted: [], H, g };
  const tried = candidates(H, g, rows), small = SIGN * (1 + Math.max(...g.map(Math.abs)));
  if (!tried.length) return { ...reply, status: "infeasible" };
  // Optimal is what has multipliers >= 0, as the objective is convex; those of the box are 0, or nothing else stops it.
  const minima = tried.filter((c) => c.multipliers.every((v, k) => v >= -small && (c.chosen[k] < own.length || v <= small)));
  if (!minima.length) return { ...reply, status: "unbounded" };
  const optimal = distinct(minima.map((c) => c.y));
  const accepted = acceptedOf(data, x, optimal, own, leader);
  const chosen = leadersBest(data, x, accepted.length ? accepted : optimal, own, accepted.length ? leader : []);
  return {
    ...reply, status: "optimal", optimal, accepted, chosen, multipliers: multipliersOf(data, own, minima),
    F: evaluate(data.leader.terms, x, chosen), f: evaluate(data.follower.terms, x, chosen),
  };
}

// Corners of the optima that the leader's rows admit: a point, a segment, or (a flat objective) all that is feasible.
function acceptedOf(data, x, optimal, own, leader) {
  const n = data.y.length;
  if (optimal.length > 2) return corners([...own, ...leader, ...box(n)], n);
  const [p, q] = [optimal[0], optimal[optimal.length - 1]], d = q.map((v, j) => v - p[j]);
  let from = 0, to = 1;
  for (const row of leader) {
    const start = slackOf(row, p), slope = row.a.reduce((sum, a, j) => sum + a * d[j], 0), allowed = room * scaleOf(row, p);
    if (Math.abs(slope) <= 1e-12 * scaleOf(row, p)) { if (start < -allowed) return []; continue; }
    const zero = -(start + allowed) / slope;
    if (slope > 0) from = Math.max(from, zero); else to = Math.min(to, zero);
  }
  if (from > to) return [];
  return distinct([from, to].map((t) => p.map((v, j) => v + t * d[j])));
}

// Of several optima the one that is best for the leader, whose objective is quadratic in y at most.
function leadersBest(data, x, points, own, leader) {
  const n = data.y.length, sign = data.leader.minimises ? 1 : -1, F = (y) => sign * evaluate(data.leader.terms, x, y);
  let tried = [...points];
  if (points.length === 2) {
    const [p, q] = points, at = (t) => p.map((v, j) => v + t * (q[j] - v));
    const bend = 2 * (F(p) + F(q) - 2 * F(at(0.5))), slope = F(q) - F(p) - bend;
    const t = -slope / (2 * bend);
    if (bend > 1e-12 && t > 0 && t < 1) tried.push(at(t));
  } else if (points.length > 2) {
    const unit = (i) => zeros(n).map((_, k) => (k === i ? 1 : 0)), plus = (p, q) => p.map((v, k) => v + q[k]);
    const o = F(zeros(n)), H = zeros(n).map((_, i) => zeros(n).map((_, j) =>
      F(plus(unit(i), unit(j))) - F(unit(i)) - F(unit(j)) + o));
    const g = zeros(n).map((_, i) => F(unit(i)) - o - H[i][i] / 2);
    tried = [...tried, ...candidates(H, g, [...own, ...leader, ...box(n)]).map((c) => c.y)];
  }
  return tried.reduce((best, y) => (F(y) < F(best) - 1e-12 * (1 + Math.abs(F(best))) ? y : best), tried[0]);
}

// Range of each row's multiplier over all valid ones, of which one is kept: they are not unique where more rows are active than are needed.
function multipliersOf(data, own, minima) {
  const ranges = data.rows.map(() => null);
  for (const { chosen, multipliers } of minima) {
    const now = data.rows.map(() => 0);
    ranges.valid ??= now;
    chosen.forEach((i, k) => { if (i < own.length) now[own[i].of] += own[i].sign * multipliers[k]; });
    now.forEach((v, i) => {
      const [low, high] = ranges[i] ?? [v, v];
      ranges[i] = [Math.min(low, v), Math.max(high, v)];
    });
  }
  return ranges;
}

// How far these replies are from Python's: the largest distance of the extents of the optima, relative to their size.
function farthest(data) {
  const extent = (points) => data.y.flatMap((_, j) => [Math.min, Math.max].map((pick) => pick(...points.map((p) => p[j]))));
  let most = 0;
  for (const { x, optimal } of data.known) {
    const mine = replyAt(data, x);
    if ((mine.status === "optimal") !== optimal.length > 0) return Infinity;
    if (!optimal.length) continue;
    const here = extent(mine.optimal);
    extent(optimal).forEach((v, k) => { most = Math.max(most, Math.abs(v - here[k]) / (1 + Math.abs(v))); });
  }
  return most;
}
