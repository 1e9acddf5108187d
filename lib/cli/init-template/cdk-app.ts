// Apart, since the lines below are not this program's own, which has nothing to do with the CDK, and ends in one place.
const [library, terminal, program] = ['aws-cdk-lib', 'console', 'process'];

/** The app of a repository that deploys: everything that may differ is in weighbridge.yaml. */
export const appJs = `// The stacks of weighbridge.yaml, or of one of its environments: npx cdk deploy --all -c env=prod
import { App } from '${library}';
import { loadDeployment, messageForPeople } from 'weighbridge/configuration';
import { addWeighbridge } from 'weighbridge/infra';

const app = new App();
const environment = app.node.tryGetContext('env');
try {
  addWeighbridge(app, loadDeployment('weighbridge.yaml', { environment }));
} catch (error) {
  ${terminal}.error(messageForPeople(error));
  ${program}.exit(1);
}
`;

/** cdk.json of such a repository. @param flags feature flags of the CDK, the same that the project is tested with */
export function cdkJson(flags: Readonly<Record<string, unknown>>): string {
  const document = { app: 'node app.js', versionReporting: false, context: flags };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** A name for the deployment, of the folder's name as far as names of deployments allow. */
export function deploymentNameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 20)
    // Deployments are not named like the second stack of another one.
    .replace(/(?:-+gcs)+-*$/, '')
    .replace(/-+$/, '');
  return name.length < 2 ? 'weights' : name;
}
