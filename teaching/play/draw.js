// What is seen: pictures and tables of the reply to the leader's decision, and the controls that move it.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const X = data.x, WIDTH = X.upper - X.lower || 1, byId = (id) => document.getElementById(id);
const escapeText = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const show = (v) => (v === undefined || v === null ? "–" : Math.abs(v) < 1e-9 ? "0" : String(Number(v.toPrecision(6))).replace("-", "−"));
const BESIDE = 1e-7 * WIDTH; // from a kink: near enough to be seen there, and far enough not to be a matter of rounding
const samples = [...new Set([...data.known.map((k) => k.x), ...data.breakpoints.flatMap((b) => [b - BESIDE, b, b + BESIDE])])]
  .filter((at) => at >= X.lower && at <= X.upper).sort((a, b) => a - b).map((at) => replyAt(data, at));
let x = X.lower, shown = [];

function ticks([low, high]) {
  const raw = (high - low) / 5, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw), found = [];
  for (let t = Math.ceil(low / step) * step; t <= high + 1e-9 * step; t += step) found.push(t);
  return found;
}

// A pair of axes; what is drawn later in data units goes through sx, sy.
function frame(host, across, up, xs, ys, share) {
  const w = Math.max(240, host.clientWidth), height = Math.round(w * share), left = 52, right = 10, top = 22, bottom = 34;
  const sx = (v) => left + ((v - xs[0]) / (xs[1] - xs[0])) * (w - left - right);
  const sy = (v) => height - bottom - ((v - ys[0]) / (ys[1] - ys[0])) * (height - top - bottom);
  const axes = [
    `<line class="axis" x1="${left}" x2="${w - right}" y1="${height - bottom}" y2="${height - bottom}"/>`,
    `<line class="axis" x1="${left}" x2="${left}" y1="${top}" y2="${height - bottom}"/>`,
    ...ticks(xs).map((t) => `<text class="faint" x="${sx(t)}" y="${height - bottom + 15}" text-anchor="middle">${show(t)}</text>`),
    ...ticks(ys).map((t) => `<text class="faint" x="${left - 6}" y="${sy(t) + 4}" text-anchor="end">${show(t)}</text>`),
    `<text x="${w - right}" y="${height - 4}" text-anchor="end">${escapeText(across)}</text>`,
    `<text x="4" y="14">${escapeText(up)}</text>`,
  ];
  return { w, height, left, right, xs, ys, sx, sy, parts: axes, clip: [left, top, w - left - right, height - top - bottom] };
}

function paint(host, f, moving, label) {
  const [cx, cy, cw, ch] = f.clip, id = `clip-${host.id}`;
  host.innerHTML = `<svg class="${f.drags ? "drag" : ""}" viewBox="0 0 ${f.w} ${f.height}" role="img" aria-label="${escapeText(label)}">` +
    `<clipPath id="${id}"><rect x="${cx}" y="${cy}" width="${cw}" height="${ch}"/></clipPath>` +
    `${f.parts.join("")}<g clip-path="url(#${id})">${(f.still ?? []).join("")}</g>${moving.join("")}</svg>`;
}

const path = (points) => points.map(([px, py], k) => `${k ? "L" : "M"}${px.toFixed(2)},${py.toFixed(2)}`).join("");
const area = (points, kind) => `<path class="${kind}" d="${path(points)}Z"/>`;

// Split what is sampled (span: reply -> [low, high] or null) where there is nothing, and where it jumps.
function runs(span, height) {
  const found = [];
  let run = [];
  for (const reply of samples) {
    const now = span(reply), before = run[run.length - 1];
    const jumps = before && now && reply.x - before.x < 2 * BESIDE && Math.max(Math.abs(now[0] - before.low), Math.abs(now[1] - before.high)) > 1e-6 * height;
    if (run.length && (!now || jumps || X.integer)) { found.push(run); run = []; }
    if (now) run.push({ x: reply.x, low: now[0], high: now[1] });
  }
  return run.length ? [...found, run] : found;
}

function band(f, span, kind) {
  return runs(span, f.ys[1] - f.ys[0]).map((run) => {
    const wide = run.length > 1 ? run : [{ ...run[0], x: run[0].x - 0.006 * WIDTH }, { ...run[0], x: run[0].x + 0.006 * WIDTH }];
    return area([...wide.map((p) => [f.sx(p.x), f.sy(p.high)]), ...wide.toReversed().map((p) => [f.sx(p.x), f.sy(p.low)])], kind);
  });
}

function curve(f, span, kind) {
  return runs(span, f.ys[1] - f.ys[0]).flatMap((run) => {
    const wide = run.some((p) => p.high - p.low > 1e-6 * (f.ys[1] - f.ys[0]));
    if (run[run.length - 1].x - run[0].x < BESIDE) {
      const [p] = run;
      return [`<path class="${kind}" d="${path([[f.sx(p.x), f.sy(p.low)], [f.sx(p.x), f.sy(p.high) + 0.01]])}"/><circle class="dot${kind === "rejected" ? " out" : ""}" r="3" cx="${f.sx(p.x)}" cy="${f.sy(p.high)}"/>`];
    }
    const edges = (wide ? ["low", "high"] : ["low"]).map((edge) => `<path class="${kind}" d="${path(run.map((p) => [f.sx(p.x), f.sy(p[edge])]))}"/>`);
    const inside = wide ? [area([...run.map((p) => [f.sx(p.x), f.sy(p.high)]), ...run.toReversed().map((p) => [f.sx(p.x), f.sy(p.low)])], `${kind}-fill`)] : [];
    return [...inside, ...edges];
  });
}

const extent = (points, j) => (points.length ? [Math.min(...points.map((p) => p[j])), Math.max(...points.map((p) => p[j]))] : null);
const one = (v) => [v, v];
const accepted = (reply) => reply.status === "optimal" && reply.accepted.length > 0;
const refused = (reply) => reply.status === "optimal" && !reply.accepted.length;
const star = (px, py) => `<path class="star" d="${path(Array.from({ length: 10 }, (_, k) => {
  const r = k % 2 ? 3.4 : 8.5, a = -Math.PI / 2 + (k * Math.PI) / 5;
  return [px + r * Math.cos(a), py + r * Math.sin(a)];
}))}Z"/>`;

function arrow(from, towards) {
  const size = Math.hypot(...towards);
  if (size < 1e-9) return "";
  const [ux, uy] = towards.map((v) => v / size), [ex, ey] = [from[0] + 34 * ux, from[1] + 34 * uy];
  return `<path class="arrow" d="${path([from, [ex, ey]])}M${ex + 8 * ux},${ey + 8 * uy}L${ex - 4 * uy},${ey + 4 * ux}L${ex + 4 * uy},${ey - 4 * ux}Z"/>`;
}

// A panel over x: regions if it shows the one variable of the follower, reaction or objective, and the decision.
function overX(host, name, ys, spans, best, isPlane) {
  const f = frame(host, X.name, name, data.limits[X.name], ys, isPlane ? 0.7 : 0.62);
  f.drags = true;
  f.still = [
    ...(isPlane ? [...band(f, (r) => extent(r.feasible, 0), "follower"), ...band(f, (r) => extent(r.joint, 0), "region")] : []),
    ...curve(f, (r) => (refused(r) ? spans(r) : null), "rejected"),
    ...curve(f, (r) => (accepted(r) ? spans(r) : null), "reaction"),
  ];
  const mark = best === null ? [] : [star(f.sx(data.best[X.name]), f.sy(best))];
  return { f, move(reply) {
    const px = f.sx(reply.x), [, cy, , ch] = f.clip, parts = [`<line class="now" x1="${px}" x2="${px}" y1="${cy}" y2="${cy + ch}"/>`];
    if (reply.status === "optimal") {
      const [low, high] = spans(reply, true), out = reply.accepted.length ? "" : " out";
      if (isPlane && high - low < 1e-9) parts.push(arrow([px, f.sy(low)], [0, slopeAt(reply)[0]]));
      parts.push(...[...new Set([low, high])].map((v) => `<circle class="dot${out}" r="6" cx="${px}" cy="${f.sy(v)}"/>`));
    }
    return [...parts, ...mark];
  } };
}

const slopeAt = (reply) => reply.g.map((g, i) => g + reply.H[i].reduce((sum, h, j) => sum + h * reply.chosen[j], 0));

// The plane of the follower's two variables at the decision: its feasible set, the edges that are active, its optima.
function slice(host) {
  const [one_, two] = data.y, f = frame(host, one_, two, data.limits[one_], data.limits[two], 0.7);
  const at = (y) => [f.sx(y[0]), f.sy(y[1])];
  const around = (points) => {
    const c = [0, 1].map((j) => points.reduce((sum, p) => sum + p[j], 0) / points.length);
    return points.toSorted((p, q) => Math.atan2(p[1] - c[1], p[0] - c[0]) - Math.atan2(q[1] - c[1], q[0] - c[0]));
  };
  return { f, move(reply) {
    const parts = [];
    for (const [points, kind] of [[reply.feasible, "follower"], [reply.joint, "region"]]) if (points.length > 2) parts.push(area(around(points).map(at), kind));
    numbersOf(data.rows, reply.x).forEach((row) => {
      const ends = reply.feasible.filter((y) => Math.abs(slackOf(row, y)) <= ACTIVE * scaleOf(row, y));
      if (ends.length < 2 || row.sign < 0) return;
      const active = reply.status === "optimal" && Math.abs(slackOf(row, reply.chosen)) <= ACTIVE * scaleOf(row, reply.chosen);
      const [p, q] = [ends[0], ends[ends.length - 1]].map(at);
      parts.push(`<path class="edge${active ? " active" : ""}" d="${path([p, q])}"/>`);
    });
    f.still = parts;
    if (reply.status !== "optimal") return [];
    const out = reply.accepted.length ? "" : " out", moving = reply.optimal.length === 2 ? [`<path class="${out ? "rejected" : "reaction"}" d="${path(reply.optimal.map(at))}"/>`] : [];
    const slope = slopeAt(reply), pixels = [-slope[0] * (f.sx(1) - f.sx(0)), -slope[1] * (f.sy(1) - f.sy(0))];
    moving.push(arrow(at(reply.chosen), pixels), ...[...reply.optimal].map((y) => `<circle class="dot${out}" r="4" cx="${at(y)[0]}" cy="${at(y)[1]}"/>`));
    moving.push(`<circle class="dot${out}" r="6.5" cx="${at(reply.chosen)[0]}" cy="${at(reply.chosen)[1]}"/>`);
    return moving;
  } };
}

function span(pick) {
  const values = samples.filter((r) => r.status === "optimal").map(pick).filter((v) => Math.abs(v) < 0.9 * FAR);
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1], room = 0.08 * (high - low) || 1;
  return [low - room, high + room];
}

function panels() {
  const best = (name) => (data.best ? data.best[name] : null), y = data.y;
  const objective = (level, pick) => (host) => overX(host, `${level} (${data[level].minimises ? "min" : "max"})`, span(pick), (r) => one(pick(r)),
    data.best ? evaluate(data[level].terms, data.best[X.name], y.map((name) => data.best[name])) : null, false);
  const reactions = y.map((name, k) => (host) => overX(host, name, data.limits[name], (r) => extent(accepted(r) ? r.accepted : r.optimal, k), best(name), y.length === 1));
  return [...(y.length === 2 ? [slice] : []), ...reactions, objective("leader", (r) => r.F), objective("follower", (r) => r.f)];
}

// Each panel as wide as its column is now, so that letters are of one size.
function lay() {
  shown = makers.map((make, k) => make(byId(`panel${k}`)));
}

const makers = panels();
byId("pictures").innerHTML = makers.map((_, k) => `<div id="panel${k}" class="${k ? "" : "wide"}"></div>`).join("");

function stateOf(row, slack, scale, range) {
  if (row.equality) return ["active", "● equation"];
  if (Math.abs(slack) > ACTIVE * scale) return ["slack", "○ slack"];
  if (!range || range[1] <= 1e-9) return ["weak", "◐ weakly active"];
  return range[0] <= 1e-9 ? ["weak", "◐ active, λ not unique"] : ["active", "● active"];
}

function table(heads, lines) {
  return `<div class="scroll"><table><thead><tr>${heads.map((h) => `<th${h && h !== "row" ? " class=\"n\"" : ""}>${h}</th>`).join("")}</tr></thead><tbody>${lines.join("")}</tbody></table></div>`;
}

const named = (row) => `${escapeText(row.name)}<code>${escapeText(row.text)}</code>`;
const spread = (range) => (!range ? "–" : range[1] - range[0] <= 1e-9 * (1 + Math.abs(range[1])) ? show(range[0]) : `${show(range[0])} to ${show(range[1])}`);

function conditions(reply) {
  const y = reply.chosen, plain = (rows) => numbersOf(rows, reply.x).filter((r) => r.sign > 0);
  if (!y) return `<p>${reply.status === "infeasible" ? "No point satisfies the follower's rows here." : "The follower has no optimum here: it is unbounded."}</p>`;
  const rows = plain(data.rows).map((row, i) => {
    const slack = slackOf(row, y), [kind, text] = stateOf(data.rows[i], slack, scaleOf(row, y), reply.multipliers[i]);
    return `<tr class="${kind}" data-row="${escapeText(data.rows[i].name)}"><td>${named(data.rows[i])}</td><td class="n">${show(slack)}</td><td class="n">${spread(reply.multipliers[i])}</td><td class="state">${text}</td></tr>`;
  });
  const f = data.follower.minimises ? "f" : "(−f)", slopes = slopeAt(reply);
  const lambda = reply.multipliers.valid, coefficients = plain(data.rows).map((row) => row.a);
  const balance = data.y.map((name, j) => {
    const terms = lambda.flatMap((v, i) => (Math.abs(v) > 1e-9 && coefficients[i][j] ? [`${show(v)} · (${show(coefficients[i][j])})`] : []));
    const sum = lambda.reduce((total, v, i) => total + v * coefficients[i][j], 0), holds = Math.abs(sum - slopes[j]) <= 1e-6 * (1 + Math.abs(slopes[j]));
    return `<tr class="${holds ? "active" : "violated"}"><td>∂${f}/∂${escapeText(name)}<code>= Σ λ · coefficient</code></td><td>${show(slopes[j])} = ${terms.join(" + ") || "0"}</td><td class="state">${holds ? "● holds" : "✗ violated"}</td></tr>`;
  });
  const leader = plain(data.leaderRows).map((row, i) => {
    const slack = slackOf(row, y), size = ACTIVE * scaleOf(row, y), bad = data.leaderRows[i].equality ? Math.abs(slack) > size : slack < -size;
    const [kind, text] = bad ? ["violated", "✗ violated"] : Math.abs(slack) <= size ? ["active", "● active"] : ["slack", "○ holds"];
    return `<tr class="${kind}"><td>${named(data.leaderRows[i])}</td><td class="n">${show(slack)}</td><td class="state">${text}</td></tr>`;
  });
  return `<h2>Rows of the follower: slack · λ = 0</h2>${table(["row", "slack", "λ", ""], rows)}` +
    `<h2>Stationarity</h2>${table(["", "", ""], balance)}` +
    (leader.length ? `<h2>Rows of the leader</h2>${table(["row", "value", ""], leader)}` : "");
}

function move(to) {
  const wished = Number.isFinite(to) ? Math.min(X.upper, Math.max(X.lower, to)) : x;
  x = X.integer ? Math.round(wished) : wished;
  const reply = replyAt(data, x), at = `${X.name} = ${show(x)}`;
  shown.forEach(({ f, move: draw }, k) => { const moving = draw(reply); paint(byId(`panel${k}`), f, moving, `picture ${k + 1} at ${at}`); });
  const answer = reply.chosen && data.y.map((name, j) => `${name} = ${show(reply.chosen[j])}`).join(", ");
  const several = reply.optimal.length > 1 ? " (one of several optima: the leader's favourite)" : "";
  byId("said").textContent = !answer ? `At ${at} the follower has ${reply.status === "infeasible" ? "no feasible point." : "no optimum (unbounded)."}`
    : `At ${at} the follower answers ${answer}${several}.` + (reply.accepted.length ? "" : " The leader's rows reject this.");
  byId("conditions").innerHTML = `<div class="numbers"><div><span>leader's objective (${data.leader.minimises ? "min" : "max"})</span><b id="F">${show(reply.F)}</b></div>` +
    `<div><span>follower's objective (${data.follower.minimises ? "min" : "max"})</span><b id="f">${show(reply.f)}</b></div></div>` + conditions(reply);
  byId("slider").value = x;
  byId("slider").setAttribute("aria-valuetext", at);
  byId("number").value = Number(x.toPrecision(9));
  byId("before").disabled = !data.breakpoints.some((b) => b < x - 1e-9 * WIDTH);
  byId("after").disabled = !data.breakpoints.some((b) => b > x + 1e-9 * WIDTH);
  byId("slider-label").textContent = at;
}

function begin() {
  byId("title").textContent = data.title;
  byId("objectives").textContent = `Leader: ${data.leader.minimises ? "min" : "max"} ${data.leader.text} by ${X.name}. Follower: ${data.follower.minimises ? "min" : "max"} ${data.follower.text} by ${data.y.join(", ")}. ★ ${data.bestText}; ${data.relaxedText}.`;
  const slider = byId("slider"), step = X.integer ? 1 : 10 ** Math.floor(Math.log10(WIDTH / 100));
  Object.assign(slider, { min: X.lower, max: X.upper, step: "any" });
  byId("kinks").innerHTML = data.breakpoints.map((b) => `<option value="${b}"></option>`).join("");
  byId("best").textContent = "optimum";
  byId("best").disabled = !data.best;
  slider.addEventListener("input", () => move(snapped(Number(slider.value), step)));
  slider.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (by) { event.preventDefault(); move((Math.round(x / step) + by) * step); }
  });
  byId("number").addEventListener("change", () => move(byId("number").valueAsNumber));
  byId("before").addEventListener("click", () => move(data.breakpoints.findLast((b) => b < x - 1e-9 * WIDTH)));
  byId("after").addEventListener("click", () => move(data.breakpoints.find((b) => b > x + 1e-9 * WIDTH)));
  byId("best").addEventListener("click", () => move(data.best[X.name]));
  lay();
  shown.forEach(({ f }, k) => { if (f.drags) drag(k, step); });
  window.addEventListener("resize", () => { lay(); move(x); });
  const far = farthest(data), asked = () => Number(/^#x=(.+)$/.exec(location.hash)?.[1]);
  window.addEventListener("hashchange", () => move(asked()));
  byId("checked").dataset.farthest = far;
  byId("checked").textContent = `Everything here is solved anew at each decision, by enumeration, in this page; ${data.known.length} decisions were solved in Python, too: ` +
    (far < 1e-6 ? `the largest difference is ${far ? far.toExponential(0) : 0}.` : "THE TWO DIFFER, do not trust this page.");
  move(Number.isFinite(asked()) ? asked() : data.best ? data.best[X.name] : (X.lower + X.upper) / 2);
}

// Round to a step, or to a kink that is near: by hand nobody meets one exactly.
function snapped(to, step) {
  const near = data.breakpoints.find((b) => Math.abs(b - to) < 0.004 * WIDTH);
  return near ?? Math.min(X.upper, Math.max(X.lower, Number((Math.round((to * 10) / step) * (step / 10)).toPrecision(12))));
}

function drag(k, step) {
  const host = byId(`panel${k}`), go = (event) => {
    const { f } = shown[k];
    const at = host.getBoundingClientRect(), px = ((event.clientX - at.left) / at.width) * f.w;
    move(snapped(f.xs[0] + ((px - f.left) / (f.w - f.left - f.right)) * (f.xs[1] - f.xs[0]), step));
  };
  host.addEventListener("pointerdown", (event) => { host.setPointerCapture(event.pointerId); go(event); });
  host.addEventListener("pointermove", (event) => { if (host.hasPointerCapture(event.pointerId)) go(event); });
}

begin();
