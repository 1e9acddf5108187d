import type { PublisherSettings } from '../../contract/cloud/publishers.ts';
import { UsageError } from '../errors.ts';

export interface ChosenPublisher {
  readonly name: string;
  readonly settings: PublisherSettings;
}

/**
 * The publisher to submit as: the one that is named; else the only one; else the one whose repository this is.
 * @param repository URL of the repository that the files lie in, where that is known
 * @param policy Is the access policy among them? Then those that may submit it come before all others.
 * @throws UsageError where that is none, or more than one.
 */
export function choosePublisher(
  publishers: Readonly<Record<string, PublisherSettings>>,
  named: string | undefined,
  repository: string | undefined,
  policy = false,
): ChosenPublisher {
  const all = Object.entries(publishers).map(([name, settings]) => ({ name, settings }));
  const names = all.map(({ name }) => name).join(', ');
  if (named !== undefined) {
    const found = all.find(({ name }) => name === named);
    if (found !== undefined) return found;
    const hint = all.length === 0 ? 'weighbridge.yaml has none under publishers:.' : `There are ${names}.`;
    throw new UsageError(`there is no publisher ${JSON.stringify(named)}`, { hint });
  }
  const able = all.filter(({ settings }) => !policy || settings.policy);
  // Where none may, the refusal says so of one.
  const asked = able.length > 0 ? able : all;
  const [first, ...others] = asked;
  if (first === undefined) {
    throw new UsageError('weighbridge.yaml names no publishers, so nobody may submit', {
      hint: 'Write for example: publishers: { models: { github: { owner: acme, repository: models }, collections: ["*"] } }, and deploy again.',
    });
  }
  if (others.length === 0) return first;
  const own = asked.filter(({ settings }) => repository !== undefined && isOf(settings, repository));
  if (own.length === 1 && own[0] !== undefined) return own[0];
  const why =
    repository === undefined
      ? 'this is no repository'
      : `${repository} is of ${own.length === 0 ? 'none' : 'several'} of them`;
  throw new UsageError(`there are several publishers, and ${why}`, {
    hint: `Say which: --publisher, one of ${asked.map(({ name }) => name).join(', ')}.`,
  });
}

function isOf({ github, gitlab }: PublisherSettings, repository: string): boolean {
  const here = comparable(repository);
  if (github !== undefined && comparable(`https://github.com/${github.owner}/${github.repository}`) === here)
    return true;
  return gitlab !== undefined && comparable(`${gitlab.url.replace(/\/+$/, '')}/${gitlab.project}`) === here;
}

/** Names of hosts, owners and repositories do not differ in case. */
function comparable(url: string): string {
  return url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .toLowerCase();
}
