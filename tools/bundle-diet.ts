import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * The client for HTTP of undici: what its entry file exports under these names, without fetch, web sockets, caches and
 * mocks, which that file makes as it is loaded. Functions have no proxy.
 */
const undiciClient = `
const Dispatcher = require('undici/lib/dispatcher/dispatcher');
Object.assign(Dispatcher.prototype, require('undici/lib/api'));
exports.Dispatcher = Dispatcher;
exports.Agent = require('undici/lib/dispatcher/agent');
exports.Pool = require('undici/lib/dispatcher/pool');
exports.buildConnector = require('undici/lib/core/connect');
exports.request = (url, { dispatcher, ...options }) => {
  const { origin, pathname, search } = new URL(url);
  return dispatcher.request({ ...options, origin, path: pathname + search });
};
`;

/** Which keys a function has, Lambda's variables say; whoever looks further looks for a person's. */
const keysOfFunction = `
import { fromEnv } from '@aws-sdk/credential-provider-env';
export const defaultProvider = () => fromEnv();
`;

/** Messages of zod in the one language that the program speaks. */
const english = "export { default as en } from 'zod/v4/locales/en.js';";

/**
 * What is never called: parsers for processors without SIMD, HTTP/2 where it is not allowed, a proxy of Google's client
 * where none is set, what tells browsers apart.
 */
const nothing = 'module.exports = undefined;';

/** Google's client as far as it takes tokens, over Node's own `fetch`. */
const googleTokens = "export { AwsClient } from './node_modules/google-auth-library/build/src/auth/awsclient.js';";
const ownFetch = 'export default globalThis.fetch;';

const contents: Readonly<Record<string, string>> = {
  'undici-client': undiciClient,
  'keys-of-function': keysOfFunction,
  english,
  nothing,
  'google-tokens': googleTokens,
  'own-fetch': ownFetch,
};

/** Names that undici's own bundle for Node is made with: it has no second parser. */
export const dietDefinitions = { esbuildDetection: '1' };

/**
 * Leaves out of bundles what entry files of libraries load and no function uses: half of a bundle, and a third of the
 * time that it takes to start. What is left is tried by the tests that run bundles.
 * @param tokensOnly of Google's libraries nothing is needed but tokens of a federated identity
 */
export function bundleDiet({ tokensOnly }: { readonly tokensOnly: boolean }): Plugin {
  return {
    name: 'bundle-diet',
    setup(build) {
      const instead = (filter: RegExp, path: string) =>
        build.onResolve({ filter }, () => ({ path, namespace: 'bundle-diet' }));
      instead(/^undici$/, 'undici-client');
      instead(/^\.\.\/llhttp\/llhttp-wasm\.js$/, 'nothing');
      instead(/^@aws-sdk\/credential-provider-node$/, 'keys-of-function');
      instead(/^\.\/client-h2\.js$/, 'nothing');
      instead(/^bowser$/, 'nothing');
      if (tokensOnly) {
        instead(/^google-auth-library$/, 'google-tokens');
        instead(/^node-fetch$/, 'own-fetch');
        instead(/^https-proxy-agent$/, 'nothing');
      }
      build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
        /[\\/]zod[\\/]v4[\\/]/.test(importer) ? { path: 'english', namespace: 'bundle-diet' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'bundle-diet' }, ({ path }) => ({
        contents: contents[path] ?? '',
        loader: 'js',
        resolveDir: root,
      }));
      // Of an object that is exported as a whole nothing can be left out; of a namespace what is not named.
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path.includes('node_modules')) return undefined;
        const text = readFileSync(path, 'utf8');
        return { contents: text.replace(/^import \{ z \} from 'zod';$/m, "import * as z from 'zod';"), loader: 'ts' };
      });
    },
  };
}
