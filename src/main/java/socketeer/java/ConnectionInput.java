package socketeer.java;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import socketeer.Direction;

/** What comes over a connection, for code that reads streams. */
final class ConnectionInput extends InputStream {
    private final Connection connection;

    ConnectionInput(Connection connection) {
        this.connection = connection;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, bytes.length);
        return connection.recvInto(ByteBuffer.wrap(bytes, offset, count));
    }

    @Override
    public void close() throws IOException {
        if (connection.isOpen()) connection.shutdown(Direction.READ);
    }
}
