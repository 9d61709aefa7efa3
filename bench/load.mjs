// Sending things to a server: loads by bench_http_load, and the generated store.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { SEED } from './sizes.mjs';

const LINES_A_REQUEST = 5_000;
const REQUESTS_AT_ONCE = 4;

export function loaderIn(build) {
  const loader = [`${build}/bench_http_load`, `${build}/bench/bench_http_load`].find(existsSync);
  if (!loader) throw new Error('no bench_http_load; build the target "benches" first (make bench does)');
  return loader;
}

/** Runs bench_http_load. `complaint`: what it says when requests were refused or left unanswered. */
export async function sendLoad(loader, options) {
  const words = Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const child = spawn(loader, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => { said.out += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { said.err += text; });
  const [status] = await once(child, 'close');
  if (status > 1 || status === null || !said.out) throw new Error(`bench_http_load ${options.name}: status ${status}: ${said.err}`);
  return { lines: said.out.split('\n').filter(Boolean).map((line) => JSON.parse(line)), complaint: status === 0 ? '' : said.err.trim() };
}

export const headers = (key, type) => ({ Authorization: `Klaviyo-API-Key ${key}`, revision: '2025-07-15', Accept: 'application/json',
  ...(type ? { 'Content-Type': type } : {}) });

/** The answer as JSON; an answer of another status than 2xx throws. */
export async function ask(port, key, method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: headers(key, body && 'application/json'),
    body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
  return text ? JSON.parse(text) : undefined;
}

/** The end of the piece's line `LINES_A_REQUEST`, or -1 while it has not so many. */
function endOfPiece(bytes) {
  let at = -1;
  for (let lines = 0; lines < LINES_A_REQUEST; ++lines) {
    at = bytes.indexOf(10, at + 1);
    if (at < 0) return -1;
  }
  return at + 1;
}

async function sendLines(port, key, body) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/rollcall/changes`, { method: 'POST', headers: headers(key, 'application/x-ndjson'), body });
  const text = await answer.text();
  const { summary } = answer.ok ? JSON.parse(text.trim().split('\n').pop()) : {};
  if (!summary?.complete || summary.refused > 0) throw new Error(`changes: ${answer.status} ${text.slice(0, 300)}`);
}

/**
 * Sends a part of the generated store as NDJSON, and says how many lines in how many seconds. Several requests are under
 * way at once, so neighbouring pieces may change places.
 */
export async function feed({ generator, profiles, what, to, port, key }) {
  const words = ['--seed', SEED, '--profiles', profiles, '--what', what, ...(to ? ['--to', to] : [])].map(String);
  const from = spawn(generator, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const begun = performance.now();
  const underWay = new Set();
  let lines = 0;
  let rest = Buffer.alloc(0);
  const send = async (body) => {
    while (underWay.size >= REQUESTS_AT_ONCE) await Promise.race(underWay);
    const one = sendLines(port, key, body).then(() => { underWay.delete(one); });
    underWay.add(one);
  };
  try {
    for await (const piece of from.stdout) {
      rest = rest.length ? Buffer.concat([rest, piece]) : piece;
      for (let end = endOfPiece(rest); end > 0; end = endOfPiece(rest)) {
        await send(rest.subarray(0, end));
        lines += LINES_A_REQUEST;
        rest = rest.subarray(end);
      }
    }
    if (rest.length) {
      lines += rest.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
      await send(rest);
    }
    await Promise.all(underWay);
  } finally {
    from.kill('SIGKILL');
  }
  return { lines, seconds: (performance.now() - begun) / 1_000 };
}
