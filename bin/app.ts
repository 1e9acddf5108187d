import { App } from 'aws-cdk-lib';
import { endWithProblem } from '../lib/cli/end-with-problem.ts';
import { loadDeployment } from '../lib/cli/load-deployment.ts';
import { addWeighbridge } from '../lib/infra/add-weighbridge.ts';

/** `cdk synth [-c env=NAME] [-c config=FILE]`: the stacks of weighbridge.yaml, or of its defaults where there is none. */
const app = new App();
const { env, config } = app.node.getAllContext() as { readonly env?: string; readonly config?: string };
try {
  addWeighbridge(app, loadDeployment(config, { environment: env }));
} catch (error) {
  endWithProblem(error);
}
