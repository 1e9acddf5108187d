import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { mapResultsPrefix, workPrefix } from '../contract/cloud/state-keys.ts';

/** Below it lie the items of all runs. */
const itemKeys = `${workPrefix}runs/*`;

/**
 * Reads the items of a Distributed Map, one JSON document a line, from where the state before says (`$.items`). The
 * reader of the CDK would be granted every object of the bucket.
 */
export class ItemsReader extends sfn.S3JsonLItemReader {
  readonly #state: s3.IBucket;

  constructor(state: s3.IBucket) {
    super({
      bucketNamePath: sfn.JsonPath.stringAt('$.items.bucket'),
      key: sfn.JsonPath.stringAt('$.items.key'),
    });
    this.#state = state;
  }

  override providePolicyStatements(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({
        sid: 'ReadItems',
        actions: ['s3:GetObject'],
        resources: [this.#state.arnForObjects(itemKeys)],
      }),
      ...useOfKey(this.#state, 'DecryptItems', ['kms:Decrypt']),
    ];
  }
}

/**
 * Writes what became of the items, which would not fit into an execution's 256 KiB; the pipeline does not read it,
 * people do. The writer of the CDK would be granted every object of the bucket.
 */
export class ResultsWriter extends sfn.ResultWriterV2 {
  readonly #state: s3.IBucket;

  constructor(state: s3.IBucket) {
    super({ bucket: state, prefix: mapResultsPrefix.slice(0, -1) });
    this.#state = state;
  }

  /** https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html#resultwriter-iam-policies */
  override providePolicyStatements(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({
        sid: 'WriteResults',
        actions: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
        resources: [this.#state.arnForObjects(`${mapResultsPrefix}*`)],
      }),
      ...useOfKey(this.#state, 'EncryptResults', ['kms:Decrypt', 'kms:GenerateDataKey']),
    ];
  }
}

/** What wildcards both are granted, with the reason for each. */
export function mapWildcards(state: s3.IBucket): readonly (readonly [resource: string, reason: string])[] {
  return [
    [state.arnForObjects(itemKeys), 'Items lie below the run and attempt that they belong to.'],
    [
      state.arnForObjects(`${mapResultsPrefix}*`),
      'Step Functions makes up the names of the results below this prefix.',
    ],
  ];
}

function useOfKey({ encryptionKey }: s3.IBucket, sid: string, actions: string[]): iam.PolicyStatement[] {
  return encryptionKey === undefined
    ? []
    : [new iam.PolicyStatement({ sid, actions, resources: [encryptionKey.keyArn] })];
}
