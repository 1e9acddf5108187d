import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configurationSchema } from '../../lib/contract/configuration.ts';
import { fieldIssues } from '../../lib/contract/field-issues.ts';
import { settingMessage } from '../../lib/contract/setting-message.ts';

/** What is said of each field that is wrong. */
function said(yaml: string): Record<string, string> {
  const { error } = configurationSchema.safeParse(parse(yaml), { error: settingMessage });
  const issues = (error?.issues ?? []).flatMap(fieldIssues);
  return Object.fromEntries(issues.map(({ path, message }) => [path.join('.'), message]));
}

describe('the message about a setting', () => {
  it('tells what YAML takes for a number to be put in quotes', () => {
    expect(said('cloud: { account: 111122223333, tags: { team: 7 }, public: { priceClass: 100 } }')).toEqual({
      'cloud.account': 'expected text; put it in quotes',
      'cloud.tags.team': 'expected text; put it in quotes',
      'cloud.public.priceClass': 'expected one of 100, 200, all; put it in quotes',
    });
  });

  it('tells that on, off, yes and no are text in YAML', () => {
    expect(said('cloud: { public: off, private: No, observability: { alarms: yes } }')).toEqual({
      'cloud.public': 'expected true or false, or settings of its own; this is text in YAML, so write false',
      'cloud.private': 'expected true or false, or settings of its own; this is text in YAML, so write false',
      'cloud.observability.alarms': 'expected true or false; this is text in YAML, so write true',
    });
    expect(said('cloud: { gcs: off, observability: false, oidc: create }')).toEqual({
      'cloud.gcs': 'expected settings of its own; to have none, leave it out',
      'cloud.observability': 'expected settings of its own; to have none, leave it out',
      'cloud.oidc': 'expected settings of its own',
    });
  });

  it('tells what is missing, what is empty, and what there is instead of a setting that there is not', () => {
    expect(said('publishers: { models: { principals: [], colections: [ "*" ] } }\ncloud: { pipeline: }')).toEqual({
      'cloud.pipeline': 'this has no value; write one, or remove the line',
      'publishers.models.principals': 'expected at least one',
      'publishers.models.collections': 'this is missing; expected a list',
      'publishers.models.colections':
        'there is no such setting; known are github, gitlab, principals, collections, access, policy',
    });
  });

  it('tells the bounds of a number, and that it has no unit', () => {
    expect(
      said('cloud: { pipeline: { memory: 99999, timeoutSeconds: 9, concurrency: 8 GB, perUpstream: 2.5 } }'),
    ).toEqual({
      'cloud.pipeline.memory': 'expected at most 10240',
      'cloud.pipeline.timeoutSeconds': 'expected at least 10',
      'cloud.pipeline.concurrency': 'expected a number; write the number alone, without unit and quotes',
      'cloud.pipeline.perUpstream': 'expected a whole number',
    });
  });

  it('leaves the word to a schema that knows better', () => {
    expect(said('cloud: { region: Frankfurt, encryptionKey: true, observability: { notify: [ operators ] } }')).toEqual(
      {
        'cloud.region': 'expected a region, such as eu-central-1',
        'cloud.encryptionKey': 'expected one of managed, create',
        'cloud.observability.notify.0': 'expected a mail address',
      },
    );
  });
});
