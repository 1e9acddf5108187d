import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf, type Statement, statement, written } from './policies.ts';

/** A statement of the policy of a bucket or key: whom it is about, with references written out. */
export interface ResourceStatement extends Statement {
  readonly principal?: Readonly<Record<string, unknown>>;
}

type Raw = Parameters<typeof statement>[0] & { readonly Principal?: Readonly<Record<string, unknown>> };

/** References written out, wherever they are in a value. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && /^(?:Ref|Fn::)/.test(keys[0] ?? '')) return written(value);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** The resource of a type whose logical id begins like this; there must be one. */
export function resourceOf(template: Template, type: string, id: string) {
  const found = [...resourcesOf(template, type)].filter(([each]) => each.startsWith(id));
  const [only] = found;
  if (found.length !== 1 || only === undefined) throw new Error(`${found.length} resources ${type} ${id}`);
  return { id: only[0], ...only[1] };
}

/** The policy of the bucket of a construct. */
export function bucketStatements(template: Template, construct: string): ResourceStatement[] {
  const { Properties } = resourceOf(template, 'AWS::S3::BucketPolicy', construct);
  return statementsOf(Properties.PolicyDocument);
}

/** The policy of the one key. */
export function keyStatements(template: Template): ResourceStatement[] {
  return statementsOf(resourceOf(template, 'AWS::KMS::Key', '').Properties.KeyPolicy);
}

/** Every statement that a role was granted. */
export function roleStatements(template: Template, role: string): Statement[] {
  return [...resourcesOf(template, 'AWS::IAM::Policy').values()]
    .filter(({ Properties }) => written((Properties.Roles as unknown[])[0]).startsWith(`<${role}`))
    .flatMap(({ Properties }) => statementsOf(Properties.PolicyDocument));
}

function statementsOf(document: unknown): ResourceStatement[] {
  return (document as { readonly Statement: readonly Raw[] }).Statement.map((raw) => {
    const { conditions, resources, ...rest } = statement(raw);
    return {
      ...rest,
      // The digests in logical ids say nothing to a reader.
      resources: resources.map((each) => each.replace(/[0-9A-F]{8}(?=[.>])/g, '')),
      ...(raw.Principal === undefined ? {} : { principal: plain(raw.Principal) as Record<string, unknown> }),
      ...(conditions === undefined ? {} : { conditions: plain(conditions) as Record<string, unknown> }),
    };
  });
}
