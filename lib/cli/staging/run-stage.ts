import { ulid } from 'ulid';
import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import type { WeighbridgeError } from '../../core/errors.ts';
import type { StageReport } from '../../core/stage/report.ts';
import type { StageRequest } from '../../core/stage/stage-ports.ts';
import { stageRelease } from '../../core/stage/stage-release.ts';
import type { CommandContext } from '../command-context.ts';
import { chooseStores } from './choose-stores.ts';
import type { LoadedManifest } from './load-manifest.ts';
import { defaultConcurrency, type Staging, type StagingOptions } from './open-staging.ts';
import { keepReport } from './save-report.ts';
import type { SignedSources } from './signed-sources.ts';

export async function stageRequest(
  context: CommandContext,
  loaded: LoadedManifest,
  options: StagingOptions,
): Promise<StageRequest> {
  const { primary, replicas } = await chooseStores(context, loaded.manifest.access, options);
  return {
    manifest: loaded.manifest,
    manifestSha256: loaded.sha256,
    store: primary,
    replicas,
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
