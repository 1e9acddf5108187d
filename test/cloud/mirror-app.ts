/** The app of the tests: `bin/app.ts` with bundles of its own, which no other test builds anew meanwhile. */
import { App } from 'aws-cdk-lib';
import { loadDeployment } from '../../lib/cli/load-deployment.ts';
import { addWeighbridge } from '../../lib/infra/add-weighbridge.ts';

const app = new App();
const { config, bundles } = app.node.getAllContext() as { readonly config: string; readonly bundles: string };
addWeighbridge(app, loadDeployment(config), { bundles });
