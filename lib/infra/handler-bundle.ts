import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import { type RuntimeConfiguration, runtimeConfigurationFile } from '../contract/cloud/deployment.ts';
import type { Handler } from '../contract/cloud/handlers.ts';

/** File of a bundle that Lambda loads. */
export const bundleEntry = 'index.mjs';

/** Where the prebuilt bundles are, from this file: in the checkout `lib/infra/*.ts`, in the package `dist/lib/infra/*.js`. */
export function bundlesFolder(here: string = import.meta.url): string {
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../../dist/lambda/' : '../../lambda/', here));
}

/** A function was not built, or the package is not whole. The message says which, where, and what to do. */
export class MissingBundle extends Error {
  override readonly name = 'MissingBundle';
}

function remedy(here: string = import.meta.url): string {
  return here.endsWith('.ts')
    ? 'run `npm run build:lambda`'
    : 'the package is not whole, so remove node_modules/weighbridge and run `npm install`';
}

/**
 * Code of a function: its prebuilt bundle and, beside it, what the deployment says. The hash of the asset is that of
 * both, so another configuration is another version of the code.
 * @param use Called with the code; what lies in the temporary folder is copied or gone when it has returned.
 * @throws MissingBundle when the bundle was not built.
 */
export function withHandlerCode<T>(
  scope: IConstruct,
  bundle: { readonly handler: Handler; readonly configuration: RuntimeConfiguration; readonly bundles?: string },
  use: (code: lambda.Code) => T,
): T {
  const { handler, configuration, bundles = bundlesFolder() } = bundle;
  const built = join(bundles, handler);
  if (!existsSync(join(built, bundleEntry))) {
    throw new MissingBundle(`The bundle of the function \`${handler}\` is missing in ${bundles}: ${remedy()}.`);
  }
  const folder = mkdtempSync(join(tmpdir(), `weighbridge-${handler}-`));
  cpSync(built, folder, { recursive: true });
  writeFileSync(join(folder, runtimeConfigurationFile), `${JSON.stringify(configuration, undefined, 2)}\n`);
  const result = use(lambda.Code.fromAsset(folder));
  // With `--no-staging` the command line reads the folder itself, after this program has ended.
  if (scope.node.tryGetContext(DISABLE_ASSET_STAGING_CONTEXT) === undefined) rmSync(folder, { recursive: true });
  return result;
}
