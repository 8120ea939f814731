// What the documentation's blocks of code take from their reader's program.
import type { Socket } from 'node:net';
import type { GrpcObject, ServiceClientConstructor } from '@grpc/grpc-js';

type Call = (connection: unknown, method: string, ...args: unknown[]) => Promise<unknown>;
type UntypedClient = InstanceType<ServiceClientConstructor>;

declare global {
  const credentials: typeof import('@grpc/grpc-js').credentials;
  const createPool: typeof import('@lifeguard/pool').createPool;
  const Pool: new (options: object) => { query(text: string): Promise<unknown> };

  const connectToMyServer: () => Promise<{ ask(question: string): Promise<string>; end(): void }>;
  const connect: typeof connectToMyServer;
  const driver: { connect(url: string): Promise<object> };
  const OrdersClient: new (
    ...args: ConstructorParameters<ServiceClientConstructor>
  ) => UntypedClient & {
    getOrder(order: { id: string }, done: (error: Error | null, order?: GrpcObject) => void): void;
  };
  const smtpFactory: (options: object) => import('@lifeguard/pool').Factory<object>;
  const call: Call;

  const socket: Socket;
  const readAnswer: (socket: Socket) => Promise<string>;
  const login: (socket: Socket) => Promise<void>;
  const pool: import('@lifeguard/pool').Pool<unknown>;

  const auth: { user: string; pass: string };
  const connectionString: string;
  const database: string;
  const from: string;
  const host: string;
  const job: Buffer;
  const message: string;
  const password: string;
  const request: string;
  const to: string[];
  const url: string;
  const user: string;
}
