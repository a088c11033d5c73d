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
 * What a recording holds of a server, one class an event; in Java, as JFR reads and rewrites the classes themselves. The
 * stack of who commits an event would show this library only: where a stack is of use, it is a field.
 */
final class Recorded {
    private Recorded() {}

    @Name("socketeer.HandlerFailed")
    @Label("Handler Failed")
    @Description("What a handler threw; its connection is closed, no other is touched")
    @Category("Socketeer")
    @StackTrace(false)
    static final class HandlerFailed extends Event {
        @Label("Local Address")
        String local;

        @Label("Remote Address")
        String remote;

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
    @Description("The process or the system is out of descriptors or memory")
    @Category("Socketeer")
    @StackTrace(false)
    static final class AcceptPaused extends Event {
        @Label("Local Address")
        String local;

        @Label("Pause")
        @Timespan(Timespan.NANOSECONDS)
        long pause;

        @Label("Cause")
        String cause;
    }
}
