import { resolve } from 'node:path';
import { ulid } from 'ulid';
import type { AuditLog } from '../../core/access/access-ports.ts';
import { createAuthenticator } from '../../core/access/authenticate/create-authenticator.ts';
import { type AuditFile, openAuditFile } from '../../core/access/local/audit-file.ts';
import { localAccess } from '../../core/access/local/local-access.ts';
import { PolicyFile } from '../../core/access/local/policy-file.ts';
import { Refused } from '../../core/errors.ts';
import { type ListedRelease, listedReleases } from '../../core/mirror/find-release.ts';
import { loadRegistry } from '../../core/mirror/load-registry.ts';
import { StoreMirror } from '../../core/mirror/store-mirror.ts';
import type { MountedApp } from '../../core/serve/by-path.ts';
import type { Store } from '../../core/stores/store.ts';
import type { CommandContext } from '../command-context.ts';
import { asWeighbridgeError, errorLines } from '../error-output.ts';
import {
  checkPolicy,
  type PolicyFile as PlacedPolicy,
  parsePolicyFile,
  readPolicyFile,
} from '../policy/policy-file.ts';
import { problemLine } from '../problem-line.ts';
import type { ServeOptions } from './serve-options.ts';

/** Private releases as `serve` gives them out. */
export interface PrivateAccess {
  /** The access API, and before it what answers the URLs that it signs. */
  readonly mounted: readonly MountedApp[];
  readonly store: Store;
  /** The policy as the user wrote its name. */
  readonly policy: string;
  readonly releases: readonly ListedRelease[];
  close(): Promise<void>;
}

/**
 * Everything that the access API needs on one machine.
 * @param base address of this server as its clients know it, ending in a slash; asked when a URL is signed
 * @throws InvalidFile for a bad policy; Refused for a store of public releases; UsageError, NotFound
 */
export async function openPrivateAccess(
  context: CommandContext,
  url: string,
  options: ServeOptions,
  base: () => string,
): Promise<PrivateAccess> {
  const { clock } = context;
  const file = await readPolicyFile(context, options.policy);
  const policies = await openPolicy(context, file);
  const store = await context.openStore(url);
  const reader = new StoreMirror(store);
  const { registry } = await loadRegistry(reader);
  if (registry.access !== 'private') {
    throw new Refused('access-class', `${store.url} holds public releases, which need no grants`, {
      hint: `Serve them with --store ${store.url}.`,
    });
  }
  const audit = await openAudit(context, options.auditLog);
  const mounted = localAccess({
    store,
    reader,
    policies,
    authenticator: createAuthenticator({ http: await context.http(), clock }),
    audit,
    clock,
    newRequestId: () => ulid(),
    base,
  });
  return {
    mounted,
    store,
    policy: file.file,
    releases: listedReleases(registry).filter(({ entry }) => entry.pruned === undefined),
    close: () => audit.close(),
  };
}

async function openPolicy(context: CommandContext, file: PlacedPolicy): Promise<PolicyFile> {
  // Said once, and before anything else: what is wrong with it, or that there is none.
  for (const problem of parsePolicyFile(context, file).problems) context.say(problemLine(problem));
  return await PolicyFile.open({
    path: file.path,
    clock: context.clock,
    parse: (bytes) => checkPolicy(context, file.file, bytes).policy,
    onTrouble(error, seconds) {
      for (const line of errorLines(asWeighbridgeError(error))) context.say(line);
      context.say(heldOn(seconds));
    },
    onTaken: () => context.say(`${file.file} holds from now on`),
  });
}

function heldOn(seconds: number): string {
  if (seconds === 0) return 'nobody is given anything until the access policy is back';
  const end = Number.isFinite(seconds)
    ? `for ${Math.ceil(seconds)} s, unless the file is back by then`
    : 'until the file is good again';
  return `the access policy that was read before holds on ${end}`;
}

/** To whom looks on, and to a file where one is named. */
async function openAudit(
  context: CommandContext,
  file: string | undefined,
): Promise<AuditLog & Pick<AuditFile, 'close'>> {
  const kept =
    file === undefined
      ? undefined
      : await openAuditFile(resolve(context.cwd, file), ({ message }) => {
          context.say(`${file} takes no more decisions, so none are made until serve is started again: ${message}`);
        });
  return {
    record(decision) {
      context.reporter.emit({ type: 'access-decided', decision });
      kept?.record(decision);
    },
    close: async () => kept?.close(),
  };
}
