import { type Host, Lab } from '@lifeguard/lab';
import { type Servers, startServers } from './servers.js';

/** A lab in which programs on the host `app` find all servers on the host `db`. */
export interface Stage extends AsyncDisposable {
  readonly lab: Lab;
  readonly app: Host;
  readonly servers: Servers;
}

/** @throws LabUnavailableError where no lab can be made, or a server is not installed */
export async function setStage(): Promise<Stage> {
  const lab = await Lab.create();
  try {
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const servers = await startServers(db);
    return { lab, app, servers, [Symbol.asyncDispose]: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}
