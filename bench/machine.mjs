import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';

/** What the figures were measured on. */
export function machine(work) {
  const disk = statfsSync(work);
  const osName = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    free_disk_gb: Math.round((disk.bavail * disk.bsize) / 1e9),
    system: `${osName}, Linux ${os.release()}`,
    load_at_start: Number(os.loadavg()[0].toFixed(2)),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  };
}
