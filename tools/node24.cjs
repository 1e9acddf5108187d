// The first step of every npm script. npm puts node_modules/.bin first on the PATH, so that scripts run on the
// Node of the dev dependency `node`; if its binary is missing, this is the machine's own. Node 12 can read this file.
'use strict';

const oldestMajor = 24;
const running = process.env.WEIGHBRIDGE_PRETEND_NODE || process.versions.node;

if (Number.parseInt(running, 10) < oldestMajor) {
  console.error(
    `weighbridge: this is Node ${running} and the scripts need Node ${oldestMajor}, which "npm ci" brings along: ` +
      'run "npm ci --ignore-scripts=false" (its install script was not run), or install Node 24.',
  );
  process.exitCode = 1;
}
