package stores;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.linen.powercut.DiskModel;
import dev.linen.powercut.PowerCut;
import java.nio.file.Path;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * H2's MVStore: a commit and a sync make entries durable. It never syncs the directory of its file, and can't open one
 * whose creation a power cut interrupted; no entry is lost by that.
 */
class H2Test {

    @TempDir
    private Path folder;

    @Test
    void powerCut_afterCommitAndSync_losesNothingOnExt4() {
        PowerCut<Integer> run = record();

        assertEquals(0, new Outcomes("H2 MVStore", run, DiskModel.EXT4, H2Test::count).lost);
        new Outcomes("H2 MVStore", run, DiskModel.POSIX, H2Test::count); // the file itself may be missing
    }

    private PowerCut<Integer> record() {
        return PowerCut.record(folder, acks -> {
            acks.now(0);
            try (MVStore store = open(folder)) {
                MVMap<Integer, String> map = store.openMap("map");
                for (int i = 1; i <= 8; i++) {
                    map.put(i, "value " + i);
                    store.commit();
                    store.sync();
                    acks.now(i);
                }
            }
        });
    }

    private static MVStore open(Path folder) {
        return new MVStore.Builder().fileName(folder.resolve("store").toString()).autoCommitDisabled().open();
    }

    private static int count(Path folder) {
        try (MVStore store = open(folder)) {
            MVMap<Integer, String> map = store.openMap("map");
            for (int i = 1; i <= map.size(); i++) {
                if (!("value " + i).equals(map.get(i))) {
                    throw new IllegalStateException("value " + i + " is " + map.get(i));
                }
            }
            return map.size();
        }
    }
}
