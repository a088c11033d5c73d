package socketeer.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Everything measured, by what it is and by whose it is. */
final class Results {
    /** What a message costs, and what an idle connection holds. */
    enum Cost { SYSTEM_CALLS, USER_INSTRUCTIONS, PROCESSOR_NANOS, ALLOCATED, IDLE_HEAP, IDLE_OUTSIDE_HEAP, IDLE_RESIDENT }

    private final Map<String, Map<String, List<Double>>> rates = new LinkedHashMap<>();
    private final Map<Cost, Map<String, List<Double>>> costs = new LinkedHashMap<>();
    private final Set<String> notes = new LinkedHashSet<>();

    void rate(Scenario scenario, Contender contender, double perSecond) {
        add(rates.computeIfAbsent(scenario.title(), k -> new LinkedHashMap<>()), contender, perSecond);
    }

    void cost(Cost cost, Contender contender, double value) {
        add(costs.computeIfAbsent(cost, k -> new LinkedHashMap<>()), contender, value);
    }

    /** What a reader of the tables must know: what was skipped or failed, and why. */
    void note(String note) {
        notes.add(note);
    }

    Set<String> notes() {
        return notes;
    }

    /** A round's value each, in order. */
    Optional<List<Double>> rates(Scenario scenario, String contender) {
        return Optional.ofNullable(rates.getOrDefault(scenario.title(), Map.of()).get(contender));
    }

    Optional<Spread> cost(Cost cost, String contender) {
        return Optional.ofNullable(costs.getOrDefault(cost, Map.of()).get(contender)).map(Spread::of);
    }

    private static void add(Map<String, List<Double>> to, Contender contender, double value) {
        to.computeIfAbsent(contender.name(), k -> new ArrayList<>()).add(value);
    }
}
