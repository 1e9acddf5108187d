import type { IAMClient } from '@aws-sdk/client-iam';
import { ListMapRunsCommand } from '@aws-sdk/client-sfn';
import type { AttemptPlace } from '../../lib/contract/cloud/state-keys.ts';
import type { StageReport } from '../../lib/core/stage/report.ts';
import type { DeployedMirror } from './deployed-mirror.ts';
import { mapRunResults } from './map-results.ts';
import { changeRolePolicy, type RolePolicy, type RoleStatement, roleNames, rolePolicies } from './role-policies.ts';

/** One action on one resource that a statement of a role allows. */
export interface Permission {
  readonly policy: RolePolicy;
  readonly action: string;
  readonly resource: string;
}

/** How a run ended whose functions may do less than they should. */
export interface MutatedRun {
  readonly ok: boolean;
  /** Of the execution, of the run, of its artifacts and replicas, each with its message, and of the maps' children. */
  readonly errors: readonly string[];
  readonly report: StageReport | undefined;
}

/** The policies of the roles of the pipeline's functions, by the name of the handler. */
export async function pipelinePolicies(iam: IAMClient, name: string): Promise<ReadonlyMap<string, RolePolicy>> {
  const found = new Map<string, RolePolicy>();
  for (const role of await roleNames(iam, `${name}-`)) {
    const made = /-Pipeline([A-Za-z]+)Role[0-9A-F]{8}-/.exec(role)?.[1];
    const named = /-gcs-([a-z-]+)-us-east-1$/.exec(role)?.[1];
    const handler = named ?? made?.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
    const [policy] = handler === undefined || handler.startsWith('state-machine') ? [] : await rolePolicies(iam, role);
    if (handler !== undefined && policy !== undefined) found.set(handler, policy);
  }
  return found;
}

/** Every action on every resource that a policy allows. */
export function permissionsOf(policy: RolePolicy): readonly Permission[] {
  return policy.statements.flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((resource) => ({ policy, action, resource }))),
  );
}

/** Takes permissions out of a role's policy, in place. @returns a function that puts them back */
export function withoutPermissions(
  iam: IAMClient,
  policy: RolePolicy,
  taken: (action: string, resource: string) => boolean,
): Promise<() => Promise<void>> {
  return changeRolePolicy(iam, policy, (statements) => statements.flatMap((one) => rest(one, taken)));
}

/** What is left of a statement, action by action. */
function rest(statement: RoleStatement, taken: (action: string, resource: string) => boolean): RoleStatement[] {
  return [statement.Action].flat().flatMap((action) => {
    const Resource = [statement.Resource].flat().filter((resource) => !taken(action, resource));
    const { Sid: _, ...unnamed } = statement;
    return Resource.length === 0 ? [] : [{ ...unnamed, Action: action, Resource }];
  });
}

/** Waits for the end of what was submitted, which may have no report. */
export async function endOfRun(mirror: DeployedMirror, place: AttemptPlace): Promise<MutatedRun> {
  const { arn, status, error = '' } = await mirror.execution(place);
  const report = await mirror.findReport(place);
  const { artifacts = [], stores = [] } = report ?? {};
  const errors = [
    error,
    report?.error === undefined ? '' : `${report.error.code}: ${report.error.message}`,
    ...artifacts.map(({ reason = '' }) => reason),
    ...stores.map(({ reason = '' }) => reason),
    ...(await childErrors(mirror, arn)),
  ];
  return { ok: status === 'SUCCEEDED' && report?.ok === true, errors: errors.filter((one) => one !== ''), report };
}

/** Errors of what an execution's maps started, which a run survives. */
async function childErrors(mirror: DeployedMirror, executionArn: string): Promise<readonly string[]> {
  const { mapRuns = [] } = await mirror.sfn.send(new ListMapRunsCommand({ executionArn }));
  const results = mapRuns.map(({ mapRunArn = '' }) => mapRunResults(mirror.s3, mirror.bucket('state'), mapRunArn));
  return (await Promise.all(results)).flatMap(({ failed }) => failed.map(({ Error: name = '' }) => name));
}
