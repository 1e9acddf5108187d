import type { ConfigurationDocument } from '../configuration.ts';
import { type FieldIssue, fieldIssues } from '../field-issues.ts';
import { settingMessage } from '../setting-message.ts';
import { type Deployment, deploymentSchema } from './deployment.ts';
import { deploymentFindings } from './deployment-findings.ts';
import { isMapping, layOver } from './lay-over.ts';

/** Sections of the file that make a deployment; those of an environment come in place of them, `cloud` key by key. */
const sectionNames = [
  ...(['cloud', 'publishers', 'sources', 'replicas', 'trustedOrigins', 'placeholders'] as const),
  ...(['maxRunBytes', 'maxRunCost'] as const),
];

type Sections = Readonly<Record<string, unknown>>;

/** No deployment can be made of the file as it is; `loadDeployment` says the same with lines and columns. */
export class UnresolvedDeployment extends Error {
  override readonly name = 'UnresolvedDeployment';
  /** At fields of the file: `environments.prod.cloud…` where it stands there. */
  readonly issues: readonly FieldIssue[];

  constructor(issues: readonly FieldIssue[]) {
    super(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
    this.issues = issues;
  }
}

/**
 * One deployment of weighbridge.yaml, its defaults filled in.
 * @param environment of `environments:`; undefined: the sections of the file as they are.
 * @throws UnresolvedDeployment with everything that is wrong, also across sections.
 */
export function resolveDeployment(document: ConfigurationDocument, environment?: string | undefined): Deployment {
  const { deployment, issues } = examineDeployment(document, environment);
  if (deployment === undefined) throw new UnresolvedDeployment(issues);
  return deployment;
}

/**
 * Everything that is wrong with the deployments of a file whose sections are right each for itself. Where there are
 * environments, they are what is deployed, and the file's own sections need not make a whole.
 */
export function deploymentIssues(document: ConfigurationDocument): FieldIssue[] {
  const names = Object.keys(document.environments ?? {});
  const seen = new Map<string, FieldIssue>();
  const places = new Map<string, string>();
  for (const name of names.length > 0 ? names : [undefined]) {
    const { deployment, issues } = examineDeployment(document, name);
    const clash = name === undefined ? undefined : sharedPlace(deployment, name, places);
    for (const issue of clash === undefined ? issues : [...issues, clash]) {
      seen.set(`${JSON.stringify(issue.path)} ${issue.message}`, issue);
    }
  }
  return [...seen.values()];
}

/** Of two environments that are known to be one and the same deployment, the second. */
function sharedPlace(
  deployment: Deployment | undefined,
  environment: string,
  places: Map<string, string>,
): FieldIssue | undefined {
  const { name, account, region } = deployment?.cloud ?? {};
  if (name === undefined || account === undefined || region === undefined) return undefined;
  const place = [name, account, region].join(' ');
  const other = places.get(place);
  places.set(place, other ?? environment);
  const message = `this is the deployment of ${other} as well: give one of them a cloud.name, account or region of its own`;
  return other === undefined ? undefined : { path: ['environments', environment], at: 'key', message };
}

interface Examined {
  readonly deployment: Deployment | undefined;
  readonly issues: readonly FieldIssue[];
}

function examineDeployment(document: ConfigurationDocument, environment: string | undefined): Examined {
  const overrides = overridesOf(document, environment);
  const merged = mergedSections(document, overrides);
  const parsed = deploymentSchema.safeParse({ ...merged, environment: environment ?? null }, { error: settingMessage });
  const issues = parsed.success ? deploymentFindings(parsed.data) : parsed.error.issues.flatMap(fieldIssues);
  const placed = issues.map((issue) => placedIssue(issue, document, overrides, environment));
  return { deployment: placed.length === 0 ? parsed.data : undefined, issues: placed };
}

function overridesOf(document: ConfigurationDocument, environment: string | undefined): Sections {
  if (environment === undefined) return {};
  const environments: Readonly<Record<string, Sections>> = document.environments ?? {};
  const overrides = Object.hasOwn(environments, environment) ? environments[environment] : undefined;
  if (overrides !== undefined) return overrides;
  const names = Object.keys(environments);
  const known = names.length > 0 ? `there are ${names.join(', ')}` : 'the file has no environments';
  throw new UnresolvedDeployment([
    { path: ['environments'], at: 'key', message: `there is no environment ${JSON.stringify(environment)}; ${known}` },
  ]);
}

function mergedSections(document: Sections, overrides: Sections): Record<string, unknown> {
  const merged: Record<string, unknown> = { cloud: {} };
  for (const name of sectionNames) {
    const below = document[name] ?? undefined;
    const above = overrides[name] ?? undefined;
    const value = name === 'cloud' && above !== undefined ? layOver(below, above) : (above ?? below);
    if (value !== undefined) merged[name] = value;
  }
  const { cloud, publishers } = merged;
  if (isMapping(publishers)) merged.publishers = withAccess(publishers, isMapping(cloud) ? cloud : {});
  return merged;
}

/** Where nothing else is said a publisher may publish into every mirror that there is. */
function withAccess(publishers: Sections, cloud: Sections): Sections {
  const access = (['public', 'private'] as const).filter((one) => cloud[one] !== false);
  if (access.length !== 1) return publishers;
  return Object.fromEntries(
    Object.entries(publishers).map(([name, written]) => [name, isMapping(written) ? { access, ...written } : written]),
  );
}

/** At where the field was written: in the environment, where that says something about it; else the issue names it. */
function placedIssue(
  issue: FieldIssue,
  document: Sections,
  overrides: Sections,
  environment: string | undefined,
): FieldIssue {
  if (environment === undefined) return issue;
  const inEnvironment = depthOf(overrides, issue.path);
  const inFile = depthOf(document, issue.path);
  if (inEnvironment > 0 && inEnvironment >= inFile) {
    return { ...issue, path: ['environments', environment, ...issue.path] };
  }
  return { ...issue, message: `${issue.message} (in the environment ${environment})` };
}

/** How many parts of a path there are. */
function depthOf(value: unknown, path: FieldIssue['path']): number {
  let depth = 0;
  for (let node = value; depth < path.length; depth += 1) {
    const part = path[depth] ?? '';
    const inner = Array.isArray(node) ? node[Number(part)] : isMapping(node) ? node[String(part)] : undefined;
    if (inner === undefined || inner === null) return depth;
    node = inner;
  }
  return depth;
}
