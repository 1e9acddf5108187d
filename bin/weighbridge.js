#!/usr/bin/env node
// Plain JavaScript that Node 12.20 still understands, so that an older Node gets one clear line instead of a
// syntax error. Nothing but Node's own modules may be imported before the version is known.
import childProcess from 'child_process';
import fs from 'fs';
import module from 'module';
import path from 'path';
import url from 'url';

const oldestMajor = 24;
const here = path.dirname(fs.realpathSync(url.fileURLToPath(import.meta.url)));
// A checkout holds the sources; the package holds what the build made of them.
const source = path.join(here, '..', 'lib', 'cli', 'main.ts');
const built = path.join(here, '..', 'dist', 'lib', 'cli', 'main.js');
const isCheckout = fs.existsSync(source);

/** The major version of the Node that runs this. WEIGHBRIDGE_PRETEND_NODE lets a test stand in for an older one. */
function runningMajor() {
  return Number.parseInt(process.env.WEIGHBRIDGE_PRETEND_NODE || process.versions.node, 10);
}

/** The binary of the npm package `node` in the nearest node_modules that holds a recent enough one. */
function installedNode() {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = path.dirname(here); ; folder = path.dirname(folder)) {
    const home = path.join(folder, 'node_modules', 'node');
    const binary = path.join(home, 'bin', file);
    if (fs.existsSync(binary)) {
      const version = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')).version;
      if (Number.parseInt(version, 10) >= oldestMajor) return binary;
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Runs this same command with another Node and ends as it ends. */
function runAgainWith(binary) {
  const environment = Object.assign({}, process.env);
  delete environment.WEIGHBRIDGE_PRETEND_NODE;
  const child = childProcess.spawn(binary, process.argv.slice(1), { stdio: 'inherit', env: environment });
  // Also those that the terminal has sent to the whole group: the command takes a pair of them for one.
  const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`weighbridge: cannot start Node ${oldestMajor} of node_modules: ${error.message}`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    for (const name of forwarded) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function start() {
  // Before anything uses the pool: hashing, file system and DNS work share it, and its default of 4 starves a transfer.
  if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = '16';
  const { directory } = module.enableCompileCache();
  // Worker threads ask the environment only; without it each compiles everything again.
  if (directory && !process.env.NODE_COMPILE_CACHE) process.env.NODE_COMPILE_CACHE = directory;
  return import(url.pathToFileURL(isCheckout ? source : built).href).then((main) => main.runProcess());
}

if (runningMajor() >= oldestMajor) {
  start();
} else {
  const binary = installedNode();
  if (binary === undefined) {
    const own = isCheckout
      ? 'run "npm ci --ignore-scripts=false", which brings one along, or install it.'
      : 'install it, or give this project its own: ' +
        `npm pkg set --json allowScripts.node=true && npm install --save-dev node@${oldestMajor}`;
    console.error(
      `weighbridge: this is Node ${process.versions.node}, and Node ${oldestMajor} or newer is needed: ${own}`,
    );
    process.exitCode = 2;
  } else {
    runAgainWith(binary);
  }
}
