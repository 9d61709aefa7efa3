// Programs of a measurement, on loopback. None of them outlives it, and neither do its directories.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';

const TICKS_PER_SECOND = 100; // Of processor time in /proc.
// Below the ports that outgoing connections get, so that a program finds its own again.
const PORTS_FROM = 20_000;
const PORTS_TO = 32_000;

const running = new Set();
const directories = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/** Removes the directory when the harness ends, however it ends; until then whoever made it does. */
export function removeAtExit(directory) {
  directories.add(directory);
}

async function isFree(port) {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Ports that were free a moment ago. */
export async function freePorts(count) {
  const found = new Set();
  while (found.size < count) {
    const port = PORTS_FROM + Math.floor(Math.random() * (PORTS_TO - PORTS_FROM));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

/** A program that ends with the harness, even if that is killed. `log`: a file for what it says. */
export class RunningProgram {
  constructor(program, words, { log }) {
    const to = openSync(log, 'a');
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...words], { stdio: ['ignore', to, to] });
    closeSync(to);
    running.add(this.child);
    this.ended = new Promise((done) => {
      this.child.on('exit', (status) => {
        running.delete(this.child);
        this.status = status ?? -1;
        done(this.status);
      });
      this.child.on('error', () => done(-1));
    });
  }

  get isRunning() {
    return this.status === undefined;
  }

  /** Resolves to the exit status, once it has ended. */
  end(signal) {
    this.child.kill(signal);
    return this.ended;
  }

  /** Processor time so far, user and system. */
  processorSeconds() {
    const words = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ').pop().split(' ');
    return (Number(words[11]) + Number(words[12])) / TICKS_PER_SECOND;
  }

  /** Memory that is not a mapped file, in MiB. */
  memory() {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024);
  }
}

/** Asks until the answer is something, and gives that back. */
export async function eventually(what, seconds, ask, everyMs = 100) {
  const until = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > until) throw new Error(`gave up waiting for ${what} after ${seconds} s`);
    await pause(everyMs);
  }
}
