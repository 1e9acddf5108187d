import { ulid } from 'ulid';
import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { Refused, type WeighbridgeError } from '../../core/errors.ts';
import type { Manifest } from '../../core/manifest/manifest.ts';
import type { StageReport } from '../../core/stage/report.ts';
import type { StageRequest } from '../../core/stage/stage-ports.ts';
import { stageRelease } from '../../core/stage/stage-release.ts';
import type { Store } from '../../core/stores/store.ts';
import type { CommandContext } from '../command-context.ts';
import { isSameStore } from '../same-store.ts';
import type { LoadedManifest } from './load-manifest.ts';
import { defaultConcurrency, type Staging, type StagingOptions } from './open-staging.ts';
import { keepReport } from './save-report.ts';
import type { SignedSources } from './signed-sources.ts';

/**
 * The store that a release of this access class goes to.
 * @throws Refused when weighbridge.yaml gives the store to the other class.
 */
export async function primaryStore(
  context: CommandContext,
  access: Manifest['access'],
  to: string | undefined,
): Promise<Store> {
  const { stores } = context.configuration;
  const url = to ?? stores[access].primary;
  const other = stores[access === 'public' ? 'private' : 'public'];
  if (other.configured && (await isSameStore(other.primary, url, context.cwd))) {
    throw new Refused('access-class', `weighbridge.yaml names ${url} for releases that are not ${access}`, {
      hint: 'Correct `access` in the manifest, or name another store with --to.',
    });
  }
  return await context.openStore(url);
}

export async function stageRequest(
  context: CommandContext,
  loaded: LoadedManifest,
  options: StagingOptions,
): Promise<StageRequest> {
  return {
    manifest: loaded.manifest,
    manifestSha256: loaded.sha256,
    store: await primaryStore(context, loaded.manifest.access, options.to),
    attempt: ulid(),
    concurrency: options.concurrency ?? context.configuration.concurrency ?? defaultConcurrency,
    maxBytes: options.maxBytes,
    warnings: loaded.warnings,
  };
}

/** Stages one manifest and keeps its report. */
export async function runStage(
  context: CommandContext,
  loaded: LoadedManifest,
  signed: SignedSources,
  staging: Staging,
  options: StagingOptions,
): Promise<{ readonly report: StageReport; readonly error: WeighbridgeError | undefined; readonly exit: ExitCode }> {
  const request = await stageRequest(context, loaded, options);
  const { report, error } = await stageRelease(request, await staging.portsFor(loaded, signed));
  await keepReport(context, staging.state, report);
  const exit = error?.exit ?? (report.ok ? exitCodes.done : exitCodes.failed);
  return { report, error, exit };
}
