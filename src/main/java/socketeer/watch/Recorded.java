package socketeer.watch;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * What a recording holds of a server, one class an event; in Java, as JFR reads and rewrites the classes themselves.
 * The stack of who commits an event would show this library only: where a stack is of use, it is a field.
 */
final class Recorded {
    private Recorded() {}

    @Name("socketeer.Connection")
    @Label("Connection")
    @Description("From accepted to closed")
    @Category("Socketeer")
    @StackTrace(false)
    static final class Connection extends Event {
        @Label("Server")
        String server;

        @Label("Local Address")
        String local;

        @Label("Remote Address")
        String remote;

        @Label("Client Address")
        @Description("Whom the header of a proxy named")
        String client;

        @Label("Why Closed")
        String why;

        @Label("Cause")
        String cause;

        @Label("Bytes In")
        @DataAmount(DataAmount.BYTES)
        long received;

        @Label("Bytes Out")
        @DataAmount(DataAmount.BYTES)
        long sent;

        @Label("Time Open")
        @Description("The duration too, unless the connection is older than the recording")
        @Timespan(Timespan.NANOSECONDS)
        long open;
    }

    @Name("socketeer.Refused")
    @Label("Connection Refused")
    @Description("Turned away at the door")
    @Category("Socketeer")
    @StackTrace(false)
    static final class Refused extends Event {
        @Label("Server")
        String server;

        @Label("Local Address")
        String local;

        @Label("Remote Address")
        String remote;

        @Label("Why Refused")
        String why;
    }

    @Name("socketeer.HandlerFailed")
    @Label("Handler Failed")
    @Description("What a handler threw; its connection is closed, no other is touched")
    @Category("Socketeer")
    @StackTrace(false)
    static final class HandlerFailed extends Event {
        @Label("Server")
        String server;

        @Label("Local Address")
        String local;

        @Label("Remote Address")
        String remote;

        @Label("Client Address")
        @Description("Whom the header of a proxy named")
        String client;

        @Label("Cause")
        String cause;

        @Label("Stack")
        String stack;
    }

    @Name("socketeer.CoroutineFailed")
    @Label("Coroutine Failed")
    @Description("What a coroutine of no handler threw, with nobody there to catch it")
    @Category("Socketeer")
    @StackTrace(false)
    static final class CoroutineFailed extends Event {
        @Label("Cause")
        String cause;

        @Label("Stack")
        String stack;
    }

    @Name("socketeer.ServerFailed")
    @Label("Server Failed")
    @Description("Why a server can accept no more")
    @Category("Socketeer")
    @StackTrace(false)
    static final class ServerFailed extends Event {
        @Label("Server")
        String server;

        @Label("Local Address")
        String local;

        @Label("Cause")
        String cause;

        @Label("Stack")
        String stack;
    }

    @Name("socketeer.LoopBlocked")
    @Label("Loop Blocked")
    @Description("Something keeps a loop to itself, so every other connection on it waits")
    @Category("Socketeer")
    @StackTrace(false)
    static final class LoopBlocked extends Event {
        @Label("Holder")
        String holder;

        @Label("At Least")
        @Timespan(Timespan.NANOSECONDS)
        long atLeast;

        @Label("Stack")
        String stack;
    }

    @Name("socketeer.AcceptPaused")
    @Label("Accept Paused")
    @Description("Out of descriptors or memory, or the accept rate is reached")
    @Category("Socketeer")
    @StackTrace(false)
    static final class AcceptPaused extends Event {
        @Label("Server")
        String server;

        @Label("Local Address")
        String local;

        @Label("Pause")
        @Timespan(Timespan.NANOSECONDS)
        long pause;

        @Label("Cause")
        String cause;
    }

    @Name("socketeer.Drain")
    @Label("Drain")
    @Description("From the call to stop until the last connection has ended")
    @Category("Socketeer")
    @StackTrace(false)
    static final class Drain extends Event {
        @Label("Server")
        String server;

        @Label("Local Address")
        String local;

        @Label("Grace")
        @Timespan(Timespan.NANOSECONDS)
        long grace;

        @Label("Accepted")
        long accepted;

        @Label("Finished")
        long finished;

        @Label("Failed")
        long failed;

        @Label("Cancelled")
        long cancelled;

        @Label("Aborted")
        long aborted;

        @Label("Refused")
        long refused;
    }
}
