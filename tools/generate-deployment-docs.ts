import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfiguration } from '../lib/cli/configuration-file.ts';
import { billedAlarms } from '../lib/contract/cloud/alarms.ts';
import { prices, pricesAsOf } from '../lib/contract/cloud/prices.ts';
import { resolveDeployment } from '../lib/contract/cloud/resolve-deployment.ts';
import { totalOf } from '../lib/core/cost/cost-line.ts';
import { idleMonth } from '../lib/core/cost/idle-cost.ts';
import { synthesise } from '../test/infra/synthesise.ts';
import { deployedResources } from './deployment-docs/deployed-resources.ts';
import { exampleDeployment, largestDeployment } from './deployment-docs/example-deployments.ts';
import { replaceSection } from './deployment-docs/generated-section.ts';
import { launcherTable } from './deployment-docs/launcher-table.ts';
import { resourceTable } from './deployment-docs/resource-table.ts';
import { deployedRoles } from './deployment-docs/role-statements.ts';
import { rolesTable, statementsTable, widestTable } from './deployment-docs/role-tables.ts';

/** Writes what docs/deploy.md and docs/security.md say of the template; with --check only compares. */
const docs = join(import.meta.dirname, '..', 'docs');

const deployment = resolveDeployment(parseConfiguration(exampleDeployment, 'weighbridge.yaml'));
const example = deployedResources(synthesise(exampleDeployment, { checked: false }));
const largest = deployedResources(synthesise(largestDeployment, { checked: false }));
const roles = deployedRoles(example);
const idle = idleMonth(deployment, billedAlarms(deployment), prices);
// What is no resource of the template.
const beside = idle.filter(({ price }) => price === 'metric' || price === 'secret');

const pages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'deploy.md': {
    resources: [
      resourceTable(example, largest, deployment),
      `Prices as of ${pricesAsOf}. \`weighbridge cost\` adds them up: ${totalOf(idle).toFixed(2)} USD for this deployment, with ${beside
        .map(({ what, usd }) => `${what} (${usd.toFixed(2)})`)
        .join(', and ')}.`,
    ].join('\n\n'),
    roles: rolesTable(roles),
    launcher: launcherTable(join(docs, '../test/servers/ministack/patches')),
  },
  'security.md': {
    example: `\`\`\`yaml\n${exampleDeployment}\`\`\``,
    widest: widestTable(roles),
    statements: statementsTable(roles),
  },
};

for (const [name, sections] of Object.entries(pages)) {
  const file = join(docs, name);
  const old = readFileSync(file, 'utf8');
  const page = Object.entries(sections).reduce((text, [section, made]) => replaceSection(text, section, made), old);
  if (!process.argv.includes('--check')) writeFileSync(file, page);
  else if (page !== old) {
    console.error(`docs/${name} is not what the template says: run "npm run generate" and commit the result.`);
    process.exitCode = 1;
  }
}
