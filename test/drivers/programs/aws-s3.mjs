import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';

/** By its defaults it tries three times, the second time on a new connection: here the first loss is told. */
export async function open({ http }) {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const client = new S3Client({ endpoint: `${http.url}/s3`, region: 'lab', credentials, maxAttempts: 1 });
  return { call: () => client.send(new ListBucketsCommand({})) };
}
