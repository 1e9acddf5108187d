import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { eventSource, eventTypes } from '../../lib/contract/cloud/metrics.ts';
import type { RunEnded } from '../../lib/contract/cloud/run-ended.ts';
import { clientSettings } from '../cloud/client-settings.ts';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';

/** Hears of the ends of runs, as whoever puts a rule on the default bus. */
export class EndedRuns {
  readonly #sqs: SQSClient;
  readonly #queue: string;
  readonly #heard: RunEnded[] = [];

  private constructor(sqs: SQSClient, queue: string) {
    this.#sqs = sqs;
    this.#queue = queue;
  }

  static async watch(emulator: AwsEmulator): Promise<EndedRuns> {
    const sqs = new SQSClient(clientSettings(emulator));
    const events = new EventBridgeClient(clientSettings(emulator));
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'ended-runs' }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const EventPattern = JSON.stringify({ source: [eventSource], 'detail-type': [eventTypes.ended] });
    await events.send(new PutRuleCommand({ Name: 'ended-runs', EventPattern }));
    const Targets = [{ Id: 'queue', Arn: Attributes?.QueueArn ?? '' }];
    await events.send(new PutTargetsCommand({ Rule: 'ended-runs', Targets }));
    events.destroy();
    return new EndedRuns(sqs, QueueUrl);
  }

  /** What was told of a run, once something was. */
  async of(run: string): Promise<readonly RunEnded[]> {
    for (let look = 0; look < 30; look += 1) {
      const told = this.#heard.filter((one) => one.run === run);
      if (told.length > 0) return told;
      const receive = new ReceiveMessageCommand({ QueueUrl: this.#queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
      const { Messages = [] } = await this.#sqs.send(receive);
      for (const { Body = '{}' } of Messages) this.#heard.push(JSON.parse(Body).detail);
    }
    throw new Error(`nobody was told of run ${run}`);
  }

  async close(): Promise<void> {
    this.#sqs.destroy();
  }
}
