import { type DeployedResource, references } from './deployed-resources.ts';
import { resourceParts } from './resource-parts.ts';

/** Which box of the picture a resource is in. */
export function boxOf({ path }: DeployedResource): string {
  const name = resourceParts.find(({ covers }) => covers.test(path))?.name ?? path;
  // What a release branch may do and what a pull request may are two things.
  return name === 'Publishers' ? (path.includes('/Submit') ? 'Submit' : 'Look') : name;
}

/**
 * `A -> B` for each box whose resources act on, start or tell those of another: what roles are allowed, what a bucket
 * admits, where rules and alarms lead, and whose events a rule waits for. Boxes themselves are not repeated.
 */
export function trustArrows(resources: readonly DeployedResource[]): ReadonlySet<string> {
  const byId = new Map(resources.map((one) => [one.id, one]));
  const arrows = new Set<string>();
  const add = (from: DeployedResource | undefined, to: DeployedResource | undefined) => {
    if (from !== undefined && to !== undefined && boxOf(from) !== boxOf(to))
      arrows.add(`${boxOf(from)} -> ${boxOf(to)}`);
  };
  for (const resource of resources) {
    const { properties } = resource;
    const named = (value: unknown) => references(value).map((id) => byId.get(id));
    switch (resource.type) {
      case 'AWS::IAM::Policy':
        for (const { Effect, Resource } of statementsOf(properties.PolicyDocument)) {
          if (Effect !== 'Allow') continue;
          for (const role of named(properties.Roles)) for (const target of named(Resource)) add(role, target);
        }
        break;
      case 'AWS::S3::BucketPolicy':
        for (const { Effect, Condition } of statementsOf(properties.PolicyDocument)) {
          if (Effect === 'Allow') for (const reader of named(Condition)) add(reader, named(properties.Bucket)[0]);
        }
        break;
      case 'AWS::Events::Rule':
        for (const teller of named(properties.EventPattern)) add(teller, resource);
        for (const target of named(properties.Targets)) add(resource, target);
        break;
      case 'AWS::CloudWatch::Alarm':
        for (const told of named(properties.AlarmActions)) add(resource, told);
        break;
    }
  }
  return arrows;
}

interface Statement {
  readonly Effect: string;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

function statementsOf(document: unknown): readonly Statement[] {
  return (document as { readonly Statement: readonly Statement[] }).Statement;
}
