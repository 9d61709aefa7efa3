// The rivals' packages are installed outside the source tree, in the folder that ROLLCALL_RIVALS names; ../run sees to it.

import { createRequire } from 'node:module';
import { resolve } from 'node:path';

export function rivalPackage(name) {
  const home = process.env.ROLLCALL_RIVALS;
  if (!home) throw new Error('ROLLCALL_RIVALS must name the folder into which bench/rivals/package.json was installed');
  return createRequire(`${resolve(home)}/`)(name);
}
