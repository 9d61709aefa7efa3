// A server of ours on a free port of the loopback device, with a data directory of its own.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/// The text of a private key for everything.
function makeKey(program, folder) {
  const made = spawnSync(program,
    ['key', 'create', '--data', folder, '--name', 'story', '--scopes', 'full', '--json'],
    { encoding: 'utf8' });
  if (made.status !== 0)
    throw new Error(`no key could be made: ${made.stderr || made.stdout}`);
  const said = JSON.parse(made.stdout);
  return said.key;
}

export async function startServer(program) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-sdk-'));
  const key = makeKey(program, folder);
  const child = spawn(program, ['serve', '--data', folder, '--listen', '127.0.0.1:0', '--json',
    '--log', 'warn', '--rate-limits', 'off'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (some) => {
    said += some;
  });
  const url = await new Promise((found, failed) => {
    let text = '';
    child.stdout.on('data', (some) => {
      text += some;
      if (text.includes('\n'))
        found(JSON.parse(text.slice(0, text.indexOf('\n'))).listening);
    });
    child.on('exit', (status) => failed(new Error(`the server ended with ${status}: ${said}`)));
    child.on('error', failed);
  });
  return {
    url,
    key,
    said: () => said,
    async stop() {
      const ended = new Promise((done) => {
        child.removeAllListeners('exit');
        child.on('exit', done);
      });
      child.kill('SIGTERM');
      const status = await ended;
      fs.rmSync(folder, { recursive: true, force: true });
      return status;
    },
  };
}
