import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * The client for HTTP of undici: what its entry file exports under these names, without fetch, web sockets, caches and
 * mocks, which that file makes as it is loaded.
 */
const undiciClient = `
const Dispatcher = require('undici/lib/dispatcher/dispatcher');
Object.assign(Dispatcher.prototype, require('undici/lib/api'));
exports.Dispatcher = Dispatcher;
exports.Agent = require('undici/lib/dispatcher/agent');
exports.Pool = require('undici/lib/dispatcher/pool');
exports.ProxyAgent = require('undici/lib/dispatcher/proxy-agent');
exports.buildConnector = require('undici/lib/core/connect');
exports.request = (url, { dispatcher, ...options }) => {
  const { origin, pathname, search } = new URL(url);
  return dispatcher.request({ ...options, origin, path: pathname + search });
};
`;

/** Messages of zod in the one language that the program speaks. */
const english = "export { default as en } from 'zod/v4/locales/en.js';";

/**
 * Leaves out of bundles what entry files of libraries load and no function uses: a third of a bundle, and of the time
 * that it takes to start. What is left is tried by the tests that run bundles.
 */
export const bundleDiet: Plugin = {
  name: 'bundle-diet',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici-client', namespace: 'bundle-diet' }));
    build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      /[\\/]zod[\\/]v4[\\/]/.test(importer) ? { path: 'english', namespace: 'bundle-diet' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'bundle-diet' }, ({ path }) => ({
      contents: path === 'english' ? english : undiciClient,
      loader: 'js',
      resolveDir: root,
    }));
  },
};
