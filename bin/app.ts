import { App } from 'aws-cdk-lib';
import { loadDeployment } from '../lib/cli/load-deployment.ts';
import { messageForPeople } from '../lib/cli/message-for-people.ts';
import { addWeighbridge } from '../lib/infra/add-weighbridge.ts';

/** `cdk synth [-c env=NAME] [-c config=FILE]`: the stacks of weighbridge.yaml, or of its defaults where there is none. */
const app = new App();
const { env, config } = app.node.getAllContext() as { readonly env?: string; readonly config?: string };
try {
  addWeighbridge(app, loadDeployment(config, { environment: env }));
} catch (error) {
  console.error(messageForPeople(error));
  process.exit(1);
}
