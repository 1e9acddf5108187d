import { parse, stringify } from 'yaml';

/** What the throw-away deployment is called and where it is. */
export interface ThrowAwayPlace {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly partition: string;
  /** The role or user that may take the publisher's role; undefined for the root of the account, which may not. */
  readonly principal: string | undefined;
}

/** Of a company's own weighbridge.yaml, what its accounts may demand; everything else is as it is by default. */
const taken = [
  'tags',
  'permissionsBoundary',
  'rolePath',
  'rolePrefix',
  'bootstrapQualifier',
  'pipeline',
  'gcs',
] as const;

/** Of the access API of a company the proof has the accounts and the limits; a host name has but one API. */
function accessOf(given: string, written: Readonly<Record<string, unknown>>): object | undefined {
  if (given === '') return {};
  const { domain: _, ...rest } = (written.access ?? {}) as { readonly domain?: unknown };
  return 'access' in written ? rest : undefined;
}

/** Publisher of the proof. */
export const proofPublisher = 'proof';

/**
 * weighbridge.yaml of the deployment.
 * @param given Text of a weighbridge.yaml to take the rules of a company from, and `gcs`, with bucket names of its own.
 * The access API is left out where that has none.
 */
export function throwAwayConfiguration(place: ThrowAwayPlace, given: string): string {
  const { name, account, region } = place;
  const { cloud: written = {} } = (parse(given) ?? {}) as { readonly cloud?: Readonly<Record<string, unknown>> };
  const rules = Object.fromEntries(taken.flatMap((key) => (key in written ? [[key, written[key]]] : [])));
  const gcs = rules.gcs as object | undefined;
  const access = accessOf(given, written);
  const cloud = {
    ...rules,
    ...{ name, account, region },
    ...(gcs === undefined ? {} : { gcs: { ...gcs, ...gcsBuckets(name, account) } }),
    ...(access === undefined ? {} : { access }),
  };
  return stringify({
    cloud,
    publishers: {
      [proofPublisher]: {
        principals: [place.principal ?? somebody(place)],
        collections: [`${proofPublisher}-*`],
        policy: true,
      },
    },
    ...(gcs === undefined ? {} : { replicas: [{ collections: ['*'], to: ['gcs'] }] }),
  });
}

/** A role that every account has in which the CDK deploys: a publisher must be somebody. */
function somebody({ account, region, partition }: ThrowAwayPlace): string {
  return `arn:${partition}:iam::${account}:role/cdk-hnb659fds-deploy-role-${account}-${region}`;
}

function gcsBuckets(name: string, account: string): object {
  const bucket = (access: string) => ({ name: `${name}-${access}-${account}`, existing: false });
  return { public: bucket('public'), private: bucket('private'), deleteBuckets: false, softDeleteDays: 0 };
}
