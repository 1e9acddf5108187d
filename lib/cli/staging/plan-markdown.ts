import type { WeighbridgeError } from '../../core/errors.ts';
import type { Manifest } from '../../core/manifest/manifest.ts';
import type { Plan, PlannedArtifact } from '../../core/stage/plan.ts';
import { plural } from '../plural.ts';
import { formatBytes } from '../progress/quantities.ts';
import { codeText, commentText } from './markdown-text.ts';
import { changeLines, type PolicyPlan } from './policy-summary.ts';

/** The first line of the comment, by which it is found again and replaced. */
export const planMarker = '<!-- weighbridge plan -->';

/** What came of looking at one manifest. */
export interface PlannedManifest {
  readonly manifest: Pick<Manifest, 'collection' | 'version' | 'access' | 'license'>;
  /** Or why there is none. */
  readonly plan: Plan | WeighbridgeError;
  /** Absent where it is not of the cloud. */
  readonly cost?: PlanCost;
}

/** US dollars. */
export interface PlanCost {
  /** Once. */
  readonly staging: number;
  /** Each month that the release is kept. */
  readonly month: number;
}

export interface PlanMarkdownOptions {
  /** Say of private releases how many files and bytes they have, and no names: for what everybody can read. */
  readonly hidePrivate: boolean;
  /** The access policy, where it is among what would be submitted. What it names is private. */
  readonly policy?: PolicyPlan | undefined;
}

/** Rows of one release. */
const mostRows = 40;

/** The comment on a pull request: what staging its manifests would do. */
export function planMarkdown(planned: readonly PlannedManifest[], options: PlanMarkdownOptions): string {
  const shown = planned.filter(({ plan }) => stateOf(plan) !== 'unchanged');
  return commentText([
    planMarker,
    '### Weighbridge: what this would do',
    '',
    counts(planned, options),
    ...shown.flatMap((one) => ['', ...release(one, options.hidePrivate && one.manifest.access === 'private')]),
    ...(options.policy === undefined ? [] : ['', ...accessPolicy(options.policy, options.hidePrivate)]),
  ]);
}

type PlanState = 'new' | 'completed' | 'unchanged' | 'not possible' | 'refused';

function stateOf(plan: Plan | WeighbridgeError): PlanState {
  if (plan instanceof Error) return 'refused';
  if (!plan.publishable) return 'not possible';
  return ({ new: 'new', repair: 'completed', present: 'unchanged' } as const)[plan.state];
}

/** `2 releases: 1 new, 1 unchanged` */
function counts(planned: readonly PlannedManifest[], { policy }: PlanMarkdownOptions): string {
  if (planned.length === 0) return policy === undefined ? 'No manifest is changed.' : 'The access policy is changed.';
  const states: readonly PlanState[] = ['new', 'completed', 'unchanged', 'not possible', 'refused'];
  const parts = states.flatMap((state) => {
    const count = planned.filter(({ plan }) => stateOf(plan) === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return `${planned.length} ${planned.length === 1 ? 'release' : 'releases'}: ${parts.join(', ')}`;
}

function release(planned: PlannedManifest, hidden: boolean): string[] {
  const { manifest, plan, cost } = planned;
  const { collection, version, access, license } = manifest;
  const name = hidden ? 'A private release' : codeText(`${collection}@${version}`);
  const state = stateOf(plan);
  if (plan instanceof Error) {
    if (hidden) return [`#### ${name}: ${state}`, '', 'Why: run `weighbridge plan` on your machine.'];
    const hint = plan.hint === undefined ? [] : ['', codeText(plan.hint)];
    return [`#### ${name}: ${state}`, '', codeText(plan.message), ...hint];
  }
  const licence = hidden ? [] : [license === undefined ? 'no licence given' : `licence ${codeText(license)}`];
  const facts = [access, ...licence, amounts(plan), ...(cost === undefined ? [] : [price(cost)])];
  const lines = [`#### ${name}: ${state}`, '', facts.join(' · ')];
  return hidden ? lines : [...lines, ...rows(plan), ...remarks(plan)];
}

/** Whoever plans may not read what holds now: the difference is in the commit, and in the report of its run. */
function accessPolicy({ file, grants, principals, changes }: PolicyPlan, hidden: boolean): string[] {
  const facts = `${plural(grants, 'grant')} · ${plural(principals, 'principal')}`;
  const lines = [`#### The access policy ${codeText(file)}: valid`, '', facts];
  if (hidden) return lines;
  const said = changeLines(changes).map((line) => `- ${codeText(line.slice(2))}`);
  const rest = said.length - mostRows;
  return [...lines, '', ...said.slice(0, mostRows), ...(rest > 0 ? [`- _and ${rest} more_`] : [])];
}

/** `2 files to fetch, 1.20 GiB · 1 unchanged` */
function amounts({ artifacts, bytes }: Plan): string {
  const count = (action: PlannedArtifact['action']) => artifacts.filter((one) => one.action === action).length;
  const files = (number: number) => `${number} ${number === 1 ? 'file' : 'files'}`;
  const parts = [
    `${files(count('fetch'))} to fetch, ${formatBytes(bytes.fetch)}`,
    ...(count('copy') === 0 ? [] : [`${count('copy')} to copy within the store, ${formatBytes(bytes.copy)}`]),
    ...(count('present') === 0 ? [] : [`${count('present')} unchanged, ${formatBytes(bytes.present)}`]),
  ];
  return parts.join(' · ');
}

function price({ staging, month }: PlanCost): string {
  return `about ${dollars(staging)} to stage, ${dollars(month)} a month to keep`;
}

function dollars(usd: number): string {
  return usd > 0 && usd < 0.01 ? 'less than 0.01 USD' : `${usd.toFixed(2)} USD`;
}

function rows({ artifacts }: Plan): string[] {
  const changing = artifacts.filter(({ action }) => action !== 'present');
  if (changing.length === 0) return [];
  const listed = changing.slice(0, mostRows).map((one) => {
    const size = one.size === null ? 'unknown' : formatBytes(one.size);
    const why = one.reason === '' ? (one.from ?? '') : one.reason;
    const optional = one.required ? '' : ' (optional)';
    return `| ${codeText(one.file)}${optional} | ${one.action} | ${size} | ${why === '' ? '' : codeText(why)} |`;
  });
  const more = changing.length - listed.length;
  return [
    '',
    '| file | what | size | from, or why not |',
    '|---|---|---:|---|',
    ...listed,
    ...(more === 0 ? [] : ['', `_and ${more} more_`]),
  ];
}

function remarks({ warnings, replicas = [] }: Plan): string[] {
  const lines = [
    ...warnings.map((warning) => `- note: ${codeText(warning)}`),
    ...replicas.map(({ store, state, bytes, reason }) => {
      const why = reason === undefined ? `${formatBytes(bytes.copy)} to copy` : codeText(reason);
      return `- replica ${codeText(store)}: ${state}, ${why}`;
    }),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}
