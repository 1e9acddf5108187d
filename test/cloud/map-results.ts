import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { DescribeMapRunCommand, ListMapRunsCommand, type MapRunItemCounts, type SFNClient } from '@aws-sdk/client-sfn';

/** One child of a Distributed Map, as a ResultWriter without transformation describes it; input and output are JSON. */
export interface MapChild {
  readonly Name: string;
  readonly Status: 'SUCCEEDED' | 'FAILED';
  readonly Input: string;
  readonly Output?: string;
  readonly Error?: string;
  readonly Cause?: string;
}

export interface MapResults {
  readonly succeeded: readonly MapChild[];
  readonly failed: readonly MapChild[];
}

type Place = { readonly Bucket: string; readonly Key: string };

/** Reads what the ResultWriter of a Distributed Map wrote. @param place `ResultWriterDetails` of the state's result. */
export async function readMapResults(s3: S3Client, place: Place): Promise<MapResults> {
  const manifest = (await readJson(s3, place)) as {
    DestinationBucket: string;
    ResultFiles: Record<'SUCCEEDED' | 'FAILED', { Key: string }[]>;
  };
  const children = async (status: 'SUCCEEDED' | 'FAILED') => {
    const files = manifest.ResultFiles[status].map(({ Key }) =>
      readJson(s3, { Bucket: manifest.DestinationBucket, Key }),
    );
    return (await Promise.all(files)).flat() as MapChild[];
  };
  return { succeeded: await children('SUCCEEDED'), failed: await children('FAILED') };
}

/** Reads what was written about a Map Run, where its state does not say the place. @throws Error where nothing was. */
export async function mapRunResults(s3: S3Client, bucket: string, mapRunArn: string): Promise<MapResults> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'map-results/' }));
  for (const { Key = '' } of Contents.filter((each) => each.Key?.endsWith('/manifest.json'))) {
    const place = { Bucket: bucket, Key };
    const { MapRunArn } = (await readJson(s3, place)) as { MapRunArn: string };
    if (MapRunArn === mapRunArn) return await readMapResults(s3, place);
  }
  throw new Error(`no results of ${mapRunArn} below map-results/`);
}

/** How many items each Map Run of an execution had and what became of them. */
export async function mapRunCounts(sfn: SFNClient, executionArn: string): Promise<readonly MapRunItemCounts[]> {
  const { mapRuns = [] } = await sfn.send(new ListMapRunsCommand({ executionArn }));
  const described = mapRuns.map(({ mapRunArn }) => sfn.send(new DescribeMapRunCommand({ mapRunArn })));
  return (await Promise.all(described)).flatMap(({ itemCounts }) => itemCounts ?? []);
}

async function readJson(s3: S3Client, place: Place): Promise<unknown> {
  const { Body } = await s3.send(new GetObjectCommand(place));
  return JSON.parse((await Body?.transformToString()) ?? '');
}
