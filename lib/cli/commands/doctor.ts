import { exitCodes } from '../../contract/exit-codes.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { cloudBuckets } from '../cloud/cloud-buckets.ts';
import { cloudPlace } from '../cloud/cloud-place.ts';
import type { DeploymentOptions } from '../cloud/submit-options.ts';
import type { CommandRun } from '../command-context.ts';
import { type Check, isWell } from '../doctor/check.ts';
import { checkAccess } from '../doctor/check-access.ts';
import { checkDeployment } from '../doctor/check-deployment.ts';
import { checkSources } from '../doctor/check-sources.ts';

const marks: Readonly<Record<Check['state'], string>> = { ok: 'ok    ', failed: 'FAILED', unknown: '?     ' };

/** `doctor`: what a deployment needs, looked at from here. Nothing is written. */
export const run: CommandRun = async (context, input) => {
  const { env } = input.options as DeploymentOptions;
  const place = await cloudPlace(context, env);
  const buckets = cloudBuckets(context, place);
  try {
    const checks = [
      ...(await checkDeployment(context, place, buckets)),
      ...(await checkAccess(context, place, buckets)),
      ...(await checkSources(context, place, buckets)),
    ];
    const ok = isWell(checks);
    if (context.json) context.printJson({ ok, checks });
    else for (const check of checks) for (const line of checkLines(check)) context.print(line);
    return ok ? exitCodes.done : exitCodes.failed;
  } finally {
    await buckets.access.close();
  }
};

function checkLines({ what, state, message, lines = [] }: Check): readonly string[] {
  return [
    `${marks[state]}  ${escapeUnsafe(what)}: ${escapeUnsafe(message)}`,
    ...lines.map((line) => `          ${escapeUnsafe(line)}`),
  ];
}
